"""The manifest: one row for each clip that decodes, and a list of those that do not."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import soundfile

from retable.corpora.files import ClipDescriptions, DescribeClip, file_checksum, scan_corpus
from retable.errors import DataError, listed
from retable.spec.corpus import Corpus

logger = logging.getLogger(__name__)

AUDIO_COLUMNS = ("clip_id", "path", "sha256", "sample_rate", "channels", "frames", "duration_s")
NUMBERS = {"sample_rate": "int64", "channels": "int64", "frames": "int64", "duration_s": "float64"}
LOG_EVERY = 5000
UNKNOWN_LENGTH = 0x7FFF0000
"""A WAV header that was written to a pipe declares this size or more."""
LFS_POINTER = b"version https://git-lfs"


class _Unreadable(Exception):
    """A file that cannot be a whole clip."""


@dataclass(frozen=True)
class _Indexed:
    """A file: what its name says, and what its audio holds or why it is no clip of the corpus."""

    path: str
    described: Mapping[str, str]
    audio: Mapping[str, str | int | float]
    reason: str = ""


def index_clips(
    root: Path,
    folders: Sequence[str],
    corpus: Corpus,
    descriptions: ClipDescriptions,
    threads: int,
    only: Sequence[str] = (),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Decodes every audio file in `folders` below `root` that matches `only` (`PathPatterns`).

    Returns the manifest, sorted by clip_id (AUDIO_COLUMNS, then speaker, group, the tasks' labels
    and whatever else the clips' descriptions hold), and the rejected files, sorted by path (`path`,
    `reason`, then what is described of those with a good name). What a clip has not, a speaker for
    example, is empty text. Paths are POSIX and relative to `root`. The checksum is that of the
    file's bytes.
    """
    paths = list(scan_corpus(root, folders, only=only).audio)
    indexed = []
    with ThreadPoolExecutor(max_workers=max(1, threads)) as pool:
        work = pool.map(lambda path: _index_file(root, path, corpus, descriptions.describe), paths)
        for one in work:
            indexed.append(one)
            if len(indexed) % LOG_EVERY == 0:
                logger.info("%s: %d of %d clips indexed", corpus.corpus, len(indexed), len(paths))
    indexed = _without_duplicates(indexed)
    clips = [one for one in indexed if not one.reason]
    refused = [one for one in indexed if one.reason]
    logger.info("%s: %d clips, %d rejected", corpus.corpus, len(clips), len(refused))
    described = _described_columns(indexed, corpus)
    nothing = dict.fromkeys(described, "")
    manifest = pd.DataFrame(
        [{**one.audio, **nothing, **one.described} for one in clips],
        columns=[*AUDIO_COLUMNS, *described],
    )
    rejected = pd.DataFrame(
        [{"path": one.path, "reason": one.reason, **nothing, **one.described} for one in refused],
        columns=["path", "reason", *described],
    )
    return manifest.sort_values("clip_id", ignore_index=True), rejected


def check_named(
    manifest: pd.DataFrame, rejected: pd.DataFrame, named: Mapping[str, str], corpus: Corpus
) -> None:
    """Raises DataError when a list file of the corpus names clips that have no audio file.

    `named` is `ClipDescriptions.named`. A rejected clip counts as there: how many may be rejected
    is decided by `check_rejections`.
    """
    there = {*manifest["clip_id"], *(PurePosixPath(path).stem for path in rejected["path"])}
    missing = defaultdict(list)
    for clip_id, file in named.items():
        if clip_id not in there:
            missing[file].append(clip_id)
    if missing:
        listing = "\n".join(
            f"  - {file} names {listed(clips)}" for file, clips in sorted(missing.items())
        )
        raise DataError(
            f"corpus {corpus.corpus}: {sum(map(len, missing.values()))} of {len(named)} clips that "
            f"its lists name have no audio file:\n{listing}\nAdd these files, or set "
            f"corpora.{corpus.corpus}.partial: true to build on the part that is there."
        )


def check_rejections(
    manifest: pd.DataFrame,
    rejected: pd.DataFrame,
    corpus: Corpus,
    folders: Sequence[str],
    report: Path,
) -> None:
    """Raises DataError when there is no clip in `folders`, or when too many were rejected.

    `report` is the file that lists the rejected clips, for the message.
    """
    files = len(manifest) + len(rejected)
    if files == 0:
        raise DataError(
            f"corpus {corpus.corpus}: no audio file in {', '.join(folders)}. Unpack the upstream "
            "archives there, or set the corpus' source in config.yaml to `upstream`."
        )
    if len(manifest) and len(rejected) <= corpus.max_rejected * files:
        return
    reasons = [f"{row.path}: {row.reason}" for row in rejected.itertuples()]
    listing = "  - " + listed(reasons, separator="\n  - ")
    raise DataError(
        f"corpus {corpus.corpus}: {len(rejected)} of {files} clips rejected, at most "
        f"{corpus.max_rejected:.2%} may be:\n{listing}\nAll are listed in {report}. Replace the "
        "faulty files by upstream's, or raise max_rejected in the corpus' YAML."
    )


def check_groups(manifest: pd.DataFrame, corpus: Corpus) -> None:
    """Raises DataError when the clips of a group are of several classes of a task that they share.

    Which tasks these are, `corpus.same_in_group` says. Clips without a group are left out.
    """
    grouped = manifest[manifest["group"] != ""]
    for task in corpus.same_in_group:
        classes = grouped.groupby("group")[task].nunique()
        mixed = [str(group) for group in classes.index[classes > 1]]
        if mixed:
            faults = [_mixed_group(grouped, group, task) for group in mixed]
            listing = "  - " + listed(faults, separator="\n  - ")
            raise DataError(
                f"corpus {corpus.corpus}: {len(mixed)} of {len(classes)} groups have clips of more "
                f"than one {task}:\n{listing}\nAll clips of a group have the same {task} "
                "(same_in_group in the corpus' YAML): some of these files have the wrong name or "
                "lie in the wrong folder. Restore upstream's; where these are upstream's, take "
                f"{task} out of same_in_group."
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


def _index_file(root: Path, path: str, corpus: Corpus, describe: DescribeClip) -> _Indexed:
    clip = PurePosixPath(path)
    try:
        described = describe(clip)
    except ValueError as error:
        return _Indexed(path, {}, {}, str(error))
    try:
        samples, sample_rate = _decode(root / path)
    except (soundfile.LibsndfileError, _Unreadable) as error:
        return _Indexed(path, described, {}, f"unreadable: {_error_text(error)}")
    if sample_rate != corpus.sample_rate:
        reason = f"wrong rate: {sample_rate} Hz, expected {corpus.sample_rate} Hz"
        return _Indexed(path, described, {}, reason)
    if not np.any(samples):
        return _Indexed(path, described, {}, f"silent: all {len(samples)} samples are zero")
    audio: dict[str, str | int | float] = {
        "clip_id": clip.stem,
        "path": path,
        "sha256": file_checksum(root / path, "sha256"),
        "sample_rate": sample_rate,
        "channels": samples.shape[1],
        "frames": len(samples),
        "duration_s": round(len(samples) / sample_rate, 6),
    }
    return _Indexed(path, described, audio)


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


def _mixed_group(manifest: pd.DataFrame, group: str, task: str) -> str:
    """A group, and which of its clips are of which class."""
    paths = manifest[manifest["group"] == group].groupby(task)["path"]
    classes = (f"{name} ({listed(list(of_class), most=3)})" for name, of_class in paths)
    return f"{group}: {', '.join(classes)}"


def _without_duplicates(indexed: Iterable[_Indexed]) -> list[_Indexed]:
    """Keeps the first file of a clip that is there twice (another format, another folder)."""
    first: dict[str, str] = {}
    result = []
    for one in indexed:
        if not one.reason:
            kept = first.setdefault(PurePosixPath(one.path).stem, one.path)
            if kept != one.path:
                reason = f"duplicate clip: same name as {kept}"
                one = _Indexed(one.path, one.described, {}, reason)
        result.append(one)
    return result


def _described_columns(indexed: Iterable[_Indexed], corpus: Corpus) -> list[str]:
    """Speaker, group, the tasks in the corpus' order, then the rest."""
    columns = dict.fromkeys(["speaker", "group", *corpus.labels])
    for one in indexed:
        columns |= dict.fromkeys(one.described)
    return list(columns)
