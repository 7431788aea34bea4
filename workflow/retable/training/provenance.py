"""Where a result comes from, for `run.json`."""

import json
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from retable.checksums import file_checksum
from retable.spec.part import Part
from retable.training.inputs import InputFiles

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


def part_origin(part: Part, inputs: Sequence[InputFiles], code: str) -> dict[str, Any]:
    """What all runs of a part have in common.

    Args:
        part: whose runs these are.
        inputs: files of its inputs.
        code: digest of the code behind the job.
    """
    return {
        "experiment": part.experiment,
        "variant": part.variant,
        "spec": json.loads(part.canonical()),
        "code": code,
        "corpora": [corpus for files in inputs for corpus in _corpora(files)],
        "versions": library_versions(),
    }


def _corpora(files: InputFiles) -> list[dict[str, str]]:
    """Where the clips of each dataset of an input are from.

    The table of a dataset holds the checksum of each clip, so that its own is a fingerprint of the
    audio.
    """
    return [
        {"dataset": table.stem, "source": source, "sha256": file_checksum(table, "sha256")}
        for table, source in zip(files.datasets, files.sources, strict=True)
    ]
