"""Retable: published audio-classification result tables, rebuilt from raw audio."""
