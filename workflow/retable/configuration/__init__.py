"""Reads `config.yaml`, scales, corpora and papers into validated specs."""
