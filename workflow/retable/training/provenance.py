"""Where a result comes from: library versions, with the paths that they are imported from."""

import platform
import sys
from importlib.metadata import version
from importlib.util import find_spec

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
