"""Where a result comes from, for `run.json`."""

import hashlib
import json
import platform
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from retable.spec.part import Part

LIBRARIES = {
    "torch": "torch",
    "torchaudio": "torchaudio",
    "numpy": "numpy",
    "scipy": "scipy",
    "pandas": "pandas",
    "sklearn": "scikit-learn",
    "librosa": "librosa",
    "soxr": "soxr",
    "soundfile": "soundfile",
}
"""Module -> distribution."""


def library_versions() -> dict[str, dict[str, str]]:
    """Library -> version and path; the path shows a stray installation."""
    versions = {"python": {"version": platform.python_version(), "path": sys.executable}}
    for module, distribution in LIBRARIES.items():
        spec = find_spec(module)
        path = spec.origin if spec and spec.origin else ""
        versions[distribution] = {"version": version(distribution), "path": path}
    return versions


def part_origin(part: Part, dataset: Path, source: str, code: str) -> dict[str, Any]:
    """What all runs of a part have in common.

    Args:
        dataset: table of the dataset's clips. It holds the checksum of each, so that its own is a
            fingerprint of the audio.
        source: where the corpus was read from.
        code: digest of the code behind the job.
    """
    with dataset.open("rb") as file:
        fingerprint = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "experiment": part.experiment,
        "variant": part.variant,
        "spec": json.loads(part.canonical()),
        "code": code,
        "corpus": {"dataset": dataset.stem, "source": source, "sha256": fingerprint},
        "versions": library_versions(),
    }
