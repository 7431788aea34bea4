"""Fetching the file that an architecture's published weights are in."""

import logging
from pathlib import Path

from safetensors import SafetensorError, safe_open

from retable.corpora.download import download_archive, link_archive
from retable.errors import DownloadError
from retable.spec.corpus import RemoteFile
from retable.weights.source import ResolvedWeights

logger = logging.getLogger(__name__)


def fetch_weights(source: ResolvedWeights, architecture: str, target: Path) -> None:
    """Brings an architecture's file from where the weights are read to `target`.

    What upstream publishes is held against its checksum. A safetensors file of a mirror or a
    directory has none, but says how long it is.

    Raises DownloadError when no address serves the file whole, or the one in the directory is
    damaged or not upstream's.
    """
    published = source.published
    logger.info(
        "%s (%s), %s\n  licence: %s\n  please cite: %s",
        published.title, published.homepage, architecture, published.licence, published.citation,
    )  # fmt: skip
    candidates = source.candidates(architecture)
    if source.kind == "directory":
        (file,) = candidates
        link_archive(file, Path(source.location), target)
        _check_length(file, target, f"{source.location}/{file.name}")
        return
    failures = []
    for file in candidates:
        # Each under its own name: what arrived of one is no beginning of another.
        path = target.with_name(file.name)
        try:
            download_archive(file, path, file.urls)
            _check_length(file, path, file.urls[0])
        except DownloadError as failure:
            failures.append(str(failure))
        else:
            path.replace(target)
            return
    raise DownloadError("\n".join(failures))


def _check_length(file: RemoteFile, path: Path, origin: str) -> None:
    """Refuses a safetensors file, which nothing else vouches for, of which a part is missing."""
    if file.checksum:
        return
    try:
        with safe_open(path, "numpy"):
            pass
    except SafetensorError as error:
        path.unlink()
        raise DownloadError(
            f"{origin}: no whole safetensors file ({error}). Put a whole one there, or name "
            "another source of the weights in config.yaml."
        ) from None
