"""Which upstream clips a simulated twin holds."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from retable.corpora.files import DescribeClip
from retable.spec.corpus import Filter, Simulation


def matches(columns: Mapping[str, str], filters: Iterable[Filter]) -> bool:
    """Whether a clip with these manifest columns matches any of the filters."""
    return any(all(columns[key] in values for key, values in one.items()) for one in filters)


def kept_clips(
    clips: Iterable[PurePosixPath], describe_clip: DescribeClip, simulation: Simulation
) -> list[PurePosixPath]:
    """Those of the upstream clips that the twin holds, in their order.

    The filters of `simulation.keep` see the columns of `describe_clip` and `clip_id`.
    """
    if not simulation.keep:
        return list(clips)
    return [
        clip
        for clip in clips
        if matches({"clip_id": clip.stem, **describe_clip(clip)}, simulation.keep)
    ]
