"""Counts of an indexed corpus against what its source promises."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

import pandas as pd

from retable.corpora.files import DescribeClip
from retable.spec.corpus import Corpus

Counts = dict[str, dict[str, int]]
"""Manifest column (or `clips: {all: n}`) -> value -> clips."""

NOT_A_CLIP = ("bad name", "duplicate clip")
"""Reasons of rejection that do not take a clip of the corpus away."""


def count_faults(
    manifest: pd.DataFrame,
    rejected: pd.DataFrame,
    corpus: Corpus,
    describe_clip: DescribeClip,
    *,
    partial: bool = False,
    twin: Sequence[PurePosixPath] | None = None,
) -> list[str]:
    """What differs from the promised counts, one sentence a fault; empty when all is right.

    Upstream promises `corpus.counts` and `corpus.speakers`; a simulated corpus promises the clips
    `twin` (as its archives were written). A rejected clip counts as present: how many may be
    rejected is decided by `check_rejections`. A `partial` corpus promises no counts, but its
    labels must still be classes of the corpus.
    """
    faults = [
        f"{task}: {count} clips of class {name!r}, which the corpus does not name"
        for task, classes in corpus.labels.items()
        for name, count in sorted(Counter(manifest[task]).items())
        if name not in classes
    ]
    if partial:
        return faults
    labels = ["speaker", *(column for column in corpus.counts if column != "clips")]
    present: list[dict[str, str]] = [
        *(
            {str(key): value for key, value in row.items()}
            for row in manifest[labels].to_dict("records")
        ),
        *(describe_clip(path) for path in _rejected_clips(rejected)),
    ]
    if twin is None:
        promiser, promised, speakers = "upstream", corpus.counts, corpus.speakers
    else:
        described = [describe_clip(path) for path in twin]
        promiser, promised = "the simulation", _count(described, corpus.counts)
        speakers = len({clip["speaker"] for clip in described})
    found = _count(present, promised)
    for column, values in promised.items():
        for value in sorted({*values, *found[column]}):
            has, expected = found[column].get(value, 0), values.get(value, 0)
            if has != expected:
                of = "clips" if column == "clips" else f"clips of {column} {value}"
                faults.append(f"{has} {of}, {promiser} promises {expected}")
    voices = len({clip["speaker"] for clip in present})
    if voices != speakers:
        faults.append(f"{voices} speakers, {promiser} promises {speakers}")
    return faults


def _rejected_clips(rejected: pd.DataFrame) -> list[PurePosixPath]:
    return [
        PurePosixPath(path)
        for path, reason in zip(rejected["path"], rejected["reason"], strict=True)
        if not reason.startswith(NOT_A_CLIP)
    ]


def _count(clips: Sequence[dict[str, str]], columns: Iterable[str]) -> Counts:
    """Clips by value, for the given manifest columns."""
    return {
        column: {"all": len(clips)}
        if column == "clips"
        else dict(Counter(clip[column] for clip in clips))
        for column in columns
    }
