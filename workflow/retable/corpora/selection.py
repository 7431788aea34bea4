"""Which upstream clips a simulated twin holds."""

from collections.abc import Iterable, Mapping

from retable.spec.corpus import Filter, Simulation


def matches(columns: Mapping[str, str], filters: Iterable[Filter]) -> bool:
    """Whether a clip with these manifest columns matches any of the filters."""
    return any(all(columns[key] in values for key, values in one.items()) for one in filters)


def kept_clips(clips: Iterable[dict[str, str]], simulation: Simulation) -> list[dict[str, str]]:
    """Those of the upstream clips that the twin holds, in their order.

    A clip is `clip_id` and the columns of its description, which the filters of `simulation.keep`
    see.
    """
    return [clip for clip in clips if not simulation.keep or matches(clip, simulation.keep)]
