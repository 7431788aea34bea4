"""Fetching the file that an architecture's published weights are in."""

import logging
import shutil
from pathlib import Path

from safetensors import SafetensorError, safe_open

from retable.download.file import Inspection, download_file, link_file, partial_path
from retable.download.request import validator_path
from retable.errors import DownloadError
from retable.spec.remote_file import RemoteFile
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
    key = f"weights.{published.weights}.source"
    if source.kind == "upstream":
        (file,) = candidates
        download_file(file, target, file.urls, key)
    elif source.kind == "directory":
        (file,) = candidates
        replacement = (
            "" if file.checksum else f"Put a whole one there, or set {key} to another source."
        )
        link_file(
            file, Path(source.location), target, key, _inspection_of(file), replacement=replacement
        )
    else:
        _download_first(candidates, target, key)


def _download_first(candidates: list[RemoteFile], target: Path, key: str) -> None:
    """Downloads the first of some files that its address serves.

    Each under its own name, so that what arrived of one is no beginning of another, and in a
    folder where no other source leaves any.
    """
    folder = target.with_name(f"{target.name}.candidates")
    failures = []
    for file in candidates:
        path = folder / file.name
        if not file.checksum:
            _forget_other_addresses(path, file.urls[0])
        try:
            download_file(file, path, file.urls, key, _inspection_of(file))
        except DownloadError as failure:
            failures.append(str(failure))
        else:
            path.replace(target)
            shutil.rmtree(folder)
            return
    if not any(folder.iterdir()):
        folder.rmdir()
    raise DownloadError("\n".join(failures))


def _forget_other_addresses(path: Path, address: str) -> None:
    """Removes what is there of a file, unless it is a beginning from this address.

    Without a checksum nothing else would tell that pieces of two files make none.
    """
    part = partial_path(path)
    version = validator_path(part)
    path.unlink(missing_ok=True)
    if not version.exists() or version.read_text().partition("\n")[0] != address:
        part.unlink(missing_ok=True)
        version.unlink(missing_ok=True)


def _inspection_of(file: RemoteFile) -> Inspection | None:
    """What vouches for a safetensors file, which has no checksum: its length is in it."""
    if file.checksum:
        return None
    return Inspection(
        find_damage=_find_damage,
        about_bytes=file.bytes,
        expected=f"a safetensors file of about {file.bytes} bytes",
        passed="as long as it says",
    )


def _find_damage(path: Path) -> str:
    try:
        with safe_open(path, "numpy"):
            return ""
    except SafetensorError as error:
        return f"no whole safetensors file ({error})"
