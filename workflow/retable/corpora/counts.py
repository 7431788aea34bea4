"""Counts of an indexed corpus against what its source promises."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from retable.spec.corpus import Corpus

Counts = dict[str, dict[str, int]]
"""Manifest column (or `clips: {all: n}`) -> value -> clips."""

NOT_A_CLIP = ("bad name", "duplicate clip")
"""Reasons of rejection that do not take a clip of the corpus away."""


def count_faults(
    manifest: pd.DataFrame,
    rejected: pd.DataFrame,
    corpus: Corpus,
    *,
    partial: bool = False,
    twin: Sequence[Mapping[str, str]] | None = None,
) -> list[str]:
    """What differs from the promised counts, one sentence a fault; empty when all is right.

    Upstream promises `corpus.counts` and `corpus.speakers`; a simulated corpus promises the clips
    `twin` (clip_id and described columns of what its archives hold). A rejected clip counts as
    present: how many may be rejected is decided by `check_rejections`. A `partial` corpus promises
    no counts, but its labels must still be classes of the corpus.
    """
    faults = [
        f"{task}: {count} clips of class {name!r}, which the corpus does not name"
        for task, classes in corpus.labels.items()
        for name, count in sorted(Counter(manifest[task]).items())
        if name not in classes
    ]
    if partial:
        return faults
    present = [*_clips(manifest), *_clips(rejected[~rejected["reason"].str.startswith(NOT_A_CLIP)])]
    if twin is None:
        promiser, promised, speakers = "upstream", corpus.counts, corpus.speakers
    else:
        promiser, promised = "the simulation", _count(twin, corpus.counts)
        speakers = _speakers(twin) if corpus.speakers else None
    found = _count(present, promised)
    for column, values in promised.items():
        for value in sorted({*values, *found[column]}):
            has, expected = found[column].get(value, 0), values.get(value, 0)
            if has != expected:
                of = "clips" if column == "clips" else f"clips of {column} {value}"
                faults.append(f"{has} {of}, {promiser} promises {expected}")
    voices = _speakers(present) if speakers is not None else None
    if voices != speakers:
        faults.append(f"{voices} speakers, {promiser} promises {speakers}")
    return faults


def _clips(table: pd.DataFrame) -> list[dict[str, str]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _speakers(clips: Iterable[Mapping[str, str]]) -> int:
    return len({clip["speaker"] for clip in clips})


def _count(clips: Sequence[Mapping[str, str]], columns: Iterable[str]) -> Counts:
    """Clips by value, for the given manifest columns."""
    return {
        column: {"all": len(clips)}
        if column == "clips"
        else dict(Counter(clip[column] for clip in clips))
        for column in columns
    }
