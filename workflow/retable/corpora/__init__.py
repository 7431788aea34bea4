"""Corpora: fetching, unpacking, indexing and simulating them."""
