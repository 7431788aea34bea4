"""Which upstream clips a simulated twin holds."""

from collections.abc import Iterable

from retable.corpora.filters import matches
from retable.spec.corpus import Simulation


def kept_clips(clips: Iterable[dict[str, str]], simulation: Simulation) -> list[dict[str, str]]:
    """Those of the upstream clips that the twin holds, in their order.

    A clip is `clip_id` and the columns of its description, which the filters of `simulation.keep`
    see.
    """
    return [clip for clip in clips if not simulation.keep or matches(clip, simulation.keep)]
