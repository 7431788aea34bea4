"""Slices of the real corpora, where the environment variable RETABLE_CORPORA names their folder."""

import os
from pathlib import Path

import pytest


def real_corpus(name: str) -> Path:
    """The folder of a corpus; skips the test where there is none."""
    root = os.environ.get("RETABLE_CORPORA")
    if not root or not (Path(root) / name).is_dir():
        pytest.skip(f"RETABLE_CORPORA does not name a folder that holds {name}/")
    return Path(root) / name
