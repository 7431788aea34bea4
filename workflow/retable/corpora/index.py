"""The manifest: one row for each clip that decodes, and a list of those that do not."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import soundfile

from retable.corpora.files import DescribeClip, file_checksum, scan_audio
from retable.errors import DataError
from retable.spec.corpus import Corpus

logger = logging.getLogger(__name__)

AUDIO_COLUMNS = ("clip_id", "path", "sha256", "sample_rate", "channels", "frames", "duration_s")
NUMBERS = {"sample_rate": "int64", "channels": "int64", "frames": "int64", "duration_s": "float64"}
SHOWN = 10
"""Rejected clips that an error lists."""
LOG_EVERY = 5000
UNKNOWN_LENGTH = 0x7FFF0000
"""A WAV header that was written to a pipe declares this size or more."""
LFS_POINTER = b"version https://git-lfs"


class _Unreadable(Exception):
    """A file that cannot be a whole clip."""


@dataclass(frozen=True)
class _Indexed:
    """A file's manifest columns, or the reason why it is no clip of the corpus."""

    path: str
    columns: dict[str, str | int | float]
    reason: str = ""


def index_clips(
    root: Path, corpus: Corpus, describe_clip: DescribeClip, threads: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Decodes every audio file in the corpus' folders below `root`.

    Returns the manifest, sorted by clip_id (AUDIO_COLUMNS, then speaker, group, the tasks' labels
    and whatever else `describe_clip` knows), and the rejected files (`path`, `reason`), sorted by
    path. Paths are POSIX and relative to `root`. The checksum is that of the file's bytes.
    """
    paths = [
        f"{archive.unpack_to}/{path}"
        for archive in corpus.archives
        if (root / archive.unpack_to).is_dir()
        for path, _ in scan_audio(root / archive.unpack_to)
    ]
    indexed = []
    with ThreadPoolExecutor(max_workers=max(1, threads)) as pool:
        for one in pool.map(lambda path: _index_file(root, path, corpus, describe_clip), paths):
            indexed.append(one)
            if len(indexed) % LOG_EVERY == 0:
                logger.info("%s: %d of %d clips indexed", corpus.corpus, len(indexed), len(paths))
    indexed = _without_duplicates(sorted(indexed, key=lambda one: one.path))
    rows = [one.columns for one in indexed if not one.reason]
    rejected = [(one.path, one.reason) for one in indexed if one.reason]
    logger.info("%s: %d clips, %d rejected", corpus.corpus, len(rows), len(rejected))
    manifest = pd.DataFrame(rows, columns=_column_order(rows, corpus))
    manifest = manifest.sort_values("clip_id", ignore_index=True)
    return manifest, pd.DataFrame(rejected, columns=["path", "reason"])


def check_rejections(
    manifest: pd.DataFrame, rejected: pd.DataFrame, corpus: Corpus, report: Path
) -> None:
    """Raises DataError when there is no clip, or when too many were rejected.

    `report` is the file that lists the rejected clips, for the message.
    """
    files = len(manifest) + len(rejected)
    if files == 0:
        folders = ", ".join(archive.unpack_to for archive in corpus.archives)
        raise DataError(
            f"corpus {corpus.corpus}: no audio file in {folders}. Unpack the upstream archives "
            "there, or set the corpus' source in config.yaml to `upstream`."
        )
    if len(manifest) and len(rejected) <= corpus.max_rejected * files:
        return
    shown = [f"  - {row.path}: {row.reason}" for row in rejected.head(SHOWN).itertuples()]
    if len(rejected) > SHOWN:
        shown.append(f"  - and {len(rejected) - SHOWN} more")
    listing = "\n".join(shown)
    raise DataError(
        f"corpus {corpus.corpus}: {len(rejected)} of {files} clips rejected, at most "
        f"{corpus.max_rejected:.2%} may be:\n{listing}\nAll are listed in {report}. Replace the "
        "faulty files by upstream's, or raise max_rejected in the corpus' YAML."
    )


def write_manifest(frame: pd.DataFrame, path: Path) -> None:
    """Writes a manifest, or the list of rejected clips, as tab-separated text."""
    frame.to_csv(path, sep="\t", index=False, lineterminator="\n", encoding="utf-8")


def read_manifest(path: Path) -> pd.DataFrame:
    """Reads a manifest, or the list of rejected clips; all but the numbers of the audio is text.

    Raises DataError when the file is no manifest.
    """
    # A label may be called "NA" or "01": no guessing of types or gaps.
    frame = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, encoding="utf-8")
    if "path" not in frame.columns:
        raise DataError(
            f"{path}: no manifest: columns {', '.join(frame.columns)}, expected `path` among them. "
            "Delete the file and run again."
        )
    return frame.astype({name: kind for name, kind in NUMBERS.items() if name in frame.columns})


def _index_file(root: Path, path: str, corpus: Corpus, describe_clip: DescribeClip) -> _Indexed:
    clip = PurePosixPath(path)
    try:
        described = describe_clip(clip)
    except ValueError as error:
        return _Indexed(path, {}, str(error))
    try:
        samples, sample_rate = _decode(root / path)
    except (soundfile.LibsndfileError, _Unreadable) as error:
        return _Indexed(path, {}, f"unreadable: {_error_text(error)}")
    if sample_rate != corpus.sample_rate:
        reason = f"wrong rate: {sample_rate} Hz, expected {corpus.sample_rate} Hz"
        return _Indexed(path, {}, reason)
    if not np.any(samples):
        return _Indexed(path, {}, f"silent: all {len(samples)} samples are zero")
    columns: dict[str, str | int | float] = {
        "clip_id": clip.stem,
        "path": path,
        "sha256": file_checksum(root / path, "sha256"),
        "sample_rate": sample_rate,
        "channels": samples.shape[1],
        "frames": len(samples),
        "duration_s": round(len(samples) / sample_rate, 6),
    }
    return _Indexed(path, {**columns, **described})


def _decode(path: Path) -> tuple[np.ndarray, int]:
    """All samples, shape (frames, channels), and the sample rate.

    Raises soundfile.LibsndfileError for what is no audio, and _Unreadable for what libsndfile
    does not tell: a truncated file, and the text that a clone without Git LFS holds.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(len(LFS_POINTER))
    if head == LFS_POINTER:
        raise _Unreadable("a Git LFS pointer instead of audio; `git lfs pull` fetches it")
    declared = int.from_bytes(head[4:8], "little")
    if head[:4] == b"RIFF" and size < declared < UNKNOWN_LENGTH:
        raise _Unreadable(f"truncated: {size} of {declared + 8} bytes")
    with soundfile.SoundFile(path) as file:
        samples = file.read(dtype="float32", always_2d=True)
        if len(samples) < file.frames:
            raise _Unreadable(f"truncated: {len(samples)} of {file.frames} frames")
        return samples, file.samplerate


def _error_text(error: Exception) -> str:
    """An error's message on one line, without the path that libsndfile puts before it."""
    text = getattr(error, "error_string", None) or str(error)
    return " ".join(text.split())


def _without_duplicates(indexed: list[_Indexed]) -> list[_Indexed]:
    """Keeps the first file of a clip that is there twice (another format, another folder)."""
    first: dict[str | int | float, str] = {}
    result = []
    for one in indexed:
        if not one.reason:
            kept = first.setdefault(one.columns["clip_id"], one.path)
            if kept != one.path:
                one = _Indexed(one.path, {}, f"duplicate clip: same name as {kept}")
        result.append(one)
    return result


def _column_order(rows: list[dict[str, str | int | float]], corpus: Corpus) -> list[str]:
    """Audio columns, speaker, group, the tasks in the corpus' order, then the rest."""
    fixed = [*AUDIO_COLUMNS, "speaker", "group", *corpus.labels]
    described = rows[0] if rows else {}
    return list(dict.fromkeys([*fixed, *described]))
