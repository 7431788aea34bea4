"""The manifest: one row for each clip that decodes, and a list of those that do not."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from retable.checksums import file_checksum
from retable.corpora.decoding import DecodedAudio, Unreadable, container_remark, decode_whole
from retable.corpora.files import ClipDescriptions, DescribeClip, scan_corpus
from retable.errors import DataError, listed
from retable.spec.corpus import Corpus
from retable.tsv import as_numbers, read_tsv

logger = logging.getLogger(__name__)

AUDIO_COLUMNS = ("clip_id", "path", "sha256", "sample_rate", "channels", "frames", "duration_s")
NUMBERS = {"sample_rate": int, "channels": int, "frames": int, "duration_s": float}
LOG_EVERY = 5000


@dataclass(frozen=True)
class _Indexed:
    """A file: what is known of it, and what its audio holds or why it is no clip of the corpus."""

    path: str
    clip_id: str
    described: Mapping[str, str] = field(default_factory=dict)
    audio: Mapping[str, str | int | float] = field(default_factory=dict)
    remark: str = ""
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
    and whatever else the clips' descriptions hold, then `remark`: what is odd about a clip that is
    kept), and the rejected files, sorted by path (`path`, `reason`, `clip_id`, then what is
    described of those with a good name). What a clip has not, a speaker for example, is empty text.
    Paths are POSIX and relative to `root`. The checksum is that of the file's bytes.

    A clip's id is what its description gives as `clip_id`, else the stem of its file. Its remarks
    are another rate that `corpus.other_rates` allows, data of another kind than the file's name
    says, and what its description gives as `remark`.
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
    columns = _described_columns(indexed, corpus)
    manifest = _manifest([one for one in indexed if not one.reason], columns)
    rejected = _rejected([one for one in indexed if one.reason], columns)
    logger.info("%s: %d clips, %d rejected", corpus.corpus, len(manifest), len(rejected))
    return manifest, rejected


def check_named(
    manifest: pd.DataFrame, rejected: pd.DataFrame, named: Mapping[str, str], corpus: Corpus
) -> None:
    """Raises DataError when a list file of the corpus names clips that have no audio file.

    `named` is `ClipDescriptions.named`. A rejected clip counts as there: how many may be rejected
    is decided by `check_rejections`.
    """
    there = {*manifest["clip_id"], *rejected["clip_id"]}
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
            f"archives there, or set corpora.{corpus.corpus}.source in config.yaml to `upstream`."
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


def read_manifest(path: Path) -> pd.DataFrame:
    """Reads a manifest, or the list of rejected clips; all but the numbers of the audio is text.

    Raises DataError when the file is missing or no manifest.
    """
    # A label may be called "NA" or "01", which stays text.
    clips = read_tsv(path, ("path",))
    # Rejected clips have no audio.
    there = {name: kind for name, kind in NUMBERS.items() if name in clips.columns}
    return as_numbers(clips, there, path)


def _index_file(root: Path, path: str, corpus: Corpus, describe: DescribeClip) -> _Indexed:
    clip = PurePosixPath(path)
    try:
        described = dict(describe(clip))
    except ValueError as error:
        return _Indexed(path, clip.stem, reason=str(error))
    clip_id, odd_name = described.pop("clip_id", clip.stem), described.pop("remark", "")
    found = _Indexed(path, clip_id, described)
    try:
        decoded = decode_whole(root / path)
    except Unreadable as error:
        return replace(found, reason=f"unreadable: {error}")
    rates = (corpus.sample_rate, *corpus.other_rates)
    if decoded.sample_rate not in rates:
        expected = " or ".join(map(str, rates))
        reason = f"wrong rate: {decoded.sample_rate} Hz, expected {expected} Hz"
        return replace(found, reason=reason)
    if not np.any(decoded.samples):
        return replace(found, reason=f"silent: all {len(decoded.samples)} samples are zero")
    audio: dict[str, str | int | float] = {
        "clip_id": clip_id,
        "path": path,
        "sha256": file_checksum(root / path, "sha256"),
        "sample_rate": decoded.sample_rate,
        "channels": decoded.samples.shape[1],
        "frames": len(decoded.samples),
        "duration_s": round(len(decoded.samples) / decoded.sample_rate, 6),
    }
    remarks = (_rate_remark(decoded, corpus), container_remark(clip, decoded.container), odd_name)
    return replace(found, audio=audio, remark="; ".join(filter(None, remarks)))


def _rate_remark(decoded: DecodedAudio, corpus: Corpus) -> str:
    if decoded.sample_rate == corpus.sample_rate:
        return ""
    return f"{decoded.sample_rate} Hz, not {corpus.sample_rate}"


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
            kept = first.setdefault(one.clip_id, one.path)
            if kept != one.path:
                one = replace(one, audio={}, reason=f"duplicate clip: same clip as {kept}")
        result.append(one)
    return result


def _described_columns(indexed: Iterable[_Indexed], corpus: Corpus) -> list[str]:
    """Speaker, group, the tasks in the corpus' order, then the rest."""
    columns = dict.fromkeys(["speaker", "group", *corpus.labels])
    for one in indexed:
        columns |= dict.fromkeys(one.described)
    return list(columns)


def _manifest(clips: Iterable[_Indexed], columns: Sequence[str]) -> pd.DataFrame:
    rows = [{**one.audio, **_all_of(one, columns), "remark": one.remark} for one in clips]
    manifest = pd.DataFrame(rows, columns=[*AUDIO_COLUMNS, *columns, "remark"])
    return manifest.sort_values("clip_id", ignore_index=True)


def _rejected(files: Iterable[_Indexed], columns: Sequence[str]) -> pd.DataFrame:
    rows = [
        {"path": one.path, "reason": one.reason, "clip_id": one.clip_id, **_all_of(one, columns)}
        for one in files
    ]
    return pd.DataFrame(rows, columns=["path", "reason", "clip_id", *columns])


def _all_of(one: _Indexed, columns: Iterable[str]) -> dict[str, str]:
    """The described columns of a file, with empty text for those that it has not."""
    return {column: one.described.get(column, "") for column in columns}
