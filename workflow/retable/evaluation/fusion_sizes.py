"""How accurate a fusion is by the number of classifiers that are fused."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from retable.evaluation.classifiers import Segments
from retable.evaluation.ensembles import Stack
from retable.evaluation.pooling import POOLINGS
from retable.spec.paper import Pooling

DRAWS = 20
"""Random orders in which classifiers are added."""
SEED = 0


def accuracy_by_number(
    stacks: Sequence[Stack], segments: Segments, pooling: Pooling, repeat: int
) -> pd.DataFrame:
    """Accuracy of the first 1, 2, ... classifiers of every draw.

    Args:
        stacks: One a fold, all with as many classifiers, of which a draw takes the same places.
        segments: All segments of the fusion.
        pooling: How segments decide for their clip.
        repeat: Which combination of repeats; each has draws of its own.

    Returns:
        Columns `n, draw, accuracy` (mean over the stacks).
    """
    number = len(stacks[0].scores)
    rows = []
    for draw in range(DRAWS):
        order = np.random.default_rng([SEED, repeat, draw]).permutation(number)
        by_fold = [list(_accuracies(stack, order, segments, pooling)) for stack in stacks]
        rows += [
            (n, draw, float(accuracy))
            for n, accuracy in enumerate(np.mean(by_fold, axis=0), start=1)
        ]
    return pd.DataFrame(rows, columns=["n", "draw", "accuracy"])


def _accuracies(
    stack: Stack, order: np.ndarray, segments: Segments, pooling: Pooling
) -> Iterator[float]:
    """Accuracy after each classifier that is added."""
    total = np.zeros(stack.scores.shape[1:])
    count = np.zeros(len(total), dtype=np.int64)
    for place in order:
        total += stack.scores[place]
        count += stack.present[place]
        scored = count > 0
        mean = stack.fused(total[scored], count[scored])
        clip = segments.clip[stack.places[scored]]
        starts = np.flatnonzero(np.diff(clip, prepend=-1))
        decided = POOLINGS[pooling](mean, starts)
        yield float((decided == segments.target[clip[starts]]).mean())
