"""Typed, validated descriptions of everything that is built.

A default means "as before the field existed": digests leave fields at their default out, so that
a new field reruns nothing. Never change a default: state the value in the paper's YAML instead.
"""
