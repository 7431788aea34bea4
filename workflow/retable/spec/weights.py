"""Published weights: what networks may start from instead of random numbers."""

from retable.spec.base import Spec
from retable.spec.remote_file import RemoteFile


class PublishedWeights(Spec):
    """Weights of several networks by one publisher (`workflow/weights/<name>.yaml`)."""

    weights: str
    title: str
    homepage: str
    licence: str
    citation: str
    files: dict[str, RemoteFile]
    """Architecture -> its file."""


class WeightsSource(Spec):
    """Where published weights are read from (`weights.<name>` in `config.yaml`)."""

    source: str | None = None
    """`none`, `upstream`, a directory, or a mirror's URL; the scale decides when absent."""
