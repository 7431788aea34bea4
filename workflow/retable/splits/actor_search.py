"""Searches for actors to hold out, where a paper says how many, how many clips they have, and that
their demographics are about those of the others (vggvox_mtl, section 5.3; Table 2).

The score of a choice is the sum, over sex, race and ethnicity, of the total variation distance
between those who test and the others (half the sum of the absolute differences of shares), plus the
Kolmogorov-Smirnov distance of their ages (the largest difference of cumulative shares). Each lies
between 0, the same distribution, and 1. Scores are compared as whole numbers, so that equal ones
are equal on every machine.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from retable.corpora.crema_d import describe_clip
from retable.errors import DataError, listed
from retable.tsv import as_numbers, read_tsv

CATEGORIES = ("sex", "race", "ethnicity")
DEMOGRAPHICS = ("age", *CATEGORIES)
STARTS = 200
DRAWS = 1000
"""Draws for one start before none is said to fit."""


@dataclass(frozen=True)
class _Actors:
    """What the score counts, for actors in the order of their numbers."""

    categories: np.ndarray
    """(actors, values of all categories): 1 where the actor has the value."""
    ages: np.ndarray
    """(actors, distinct ages): 1 where the actor is of that age or younger."""
    clips: np.ndarray
    """(actors,): number of clips."""


def search_test_actors(
    actors: pd.DataFrame,
    clips: Mapping[str, int],
    *,
    size: int,
    total: int,
    starts: int = STARTS,
    seed: int = 0,
) -> list[str]:
    """The actors of a given number and with a given total of clips that score lowest.

    Each start draws actors until their clips sum to `total`; then, as long as the score falls, the
    best exchange of one of them for one of the others with as many clips is made. Of equal
    exchanges that of the smaller numbers is made, and of equal results the one with the smaller
    numbers is taken.

    Args:
        actors: one row an actor, with `speaker` and the DEMOGRAPHICS, ages in years.
        clips: actor -> number of clips.
        size: actors to choose.
        total: clips that these have together.
        starts: random starts of the search.
        seed: of their draws.

    Returns:
        The chosen actors, sorted.

    Raises:
        DataError: an actor has no clip, or no draw has `total` clips.
    """
    ordered = actors.sort_values("speaker", ignore_index=True)
    known = _counted(ordered, clips)
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(starts):
        chosen, score = _improved(known, _start(known, size, total, generator))
        found.append((score, np.flatnonzero(chosen).tolist()))
    _, best = min(found)
    return list(ordered["speaker"].iloc[best])


def actor_table(
    actors: pd.DataFrame, clips: Mapping[str, int], chosen: Iterable[str]
) -> pd.DataFrame:
    """Role, number of clips and demographics of each actor, by number."""
    ordered = actors.sort_values("speaker", ignore_index=True)
    inside = ordered["speaker"].isin(list(chosen))
    roles = inside.map({True: "test", False: "train"})
    table = ordered[["speaker"]].assign(role=roles, clips=ordered["speaker"].map(clips))
    return table.join(ordered[list(DEMOGRAPHICS)])


def read_actors(path: Path) -> pd.DataFrame:
    """The actors of a table with `speaker` and the DEMOGRAPHICS; ages are whole years.

    Raises:
        DataError: the file is missing or lacks a column, an age is no number, or an actor has two
            rows.
    """
    actors = as_numbers(read_tsv(path, ("speaker", *DEMOGRAPHICS)), {"age": int}, path)
    twice = sorted(set(actors["speaker"][actors["speaker"].duplicated()]))
    if twice:
        raise DataError(f"{path}: {listed(twice)} in more than one row; write each in one")
    return actors


def clips_by_actor(path: Path) -> dict[str, int]:
    """Actor -> number of clips in a table of upstream's files, whose column `path` names them.

    Raises:
        DataError: the file is missing, lacks that column, or has a name that upstream never uses.
    """
    names = read_tsv(path, ("path",))["path"]
    try:
        return dict(Counter(describe_clip(PurePosixPath(name))["speaker"] for name in names))
    except ValueError as error:
        raise DataError(f"{path}: {error}; restore the table") from error


def _counted(actors: pd.DataFrame, clips: Mapping[str, int]) -> _Actors:
    silent = [actor for actor in actors["speaker"] if not clips.get(actor)]
    if silent:
        raise DataError(
            f"no clip of the actors {listed(silent)} is listed; complete the list of clips, or "
            "take them out of the table of actors"
        )
    values = pd.get_dummies(actors[list(CATEGORIES)], dtype=int)
    ages = actors["age"].to_numpy()
    return _Actors(
        values.to_numpy(),
        (ages[:, None] <= np.unique(ages)).astype(int),
        actors["speaker"].map(clips).to_numpy(),
    )


def _start(known: _Actors, size: int, total: int, generator: np.random.Generator) -> np.ndarray:
    """Which actors are chosen: the first draw of `size` of them with `total` clips."""
    for _ in range(DRAWS):
        chosen = np.zeros(len(known.clips), bool)
        chosen[generator.permutation(len(chosen))[:size]] = True
        if known.clips[chosen].sum() == total:
            return chosen
    raise DataError(
        f"none of {DRAWS} draws of {size} of {len(known.clips)} actors has {total} clips; correct "
        "the number of actors or of clips"
    )


def _improved(known: _Actors, chosen: np.ndarray) -> tuple[np.ndarray, int]:
    """The choice after all exchanges that lower its score, and that score."""
    score = int(_scores(known, chosen.sum(), _sums(known, chosen)))
    while True:
        inside, outside = np.flatnonzero(chosen), np.flatnonzero(~chosen)
        leave, enter = np.nonzero(known.clips[inside, None] == known.clips[outside])
        leave, enter = inside[leave], outside[enter]
        after = [
            sums - counts[leave] + counts[enter]
            for sums, counts in zip(
                _sums(known, chosen), (known.categories, known.ages), strict=True
            )
        ]
        scores = _scores(known, chosen.sum(), after)
        if not len(scores) or scores.min() >= score:
            return chosen, score
        best = scores.argmin()
        score = int(scores[best])
        chosen = chosen.copy()
        chosen[[leave[best], enter[best]]] = False, True


def _sums(known: _Actors, chosen: np.ndarray) -> list[np.ndarray]:
    """How many of the chosen have each value, and how many are of each age or younger."""
    return [known.categories[chosen].sum(axis=0), known.ages[chosen].sum(axis=0)]


def _scores(known: _Actors, size: int, sums: Sequence[np.ndarray]) -> np.ndarray:
    """Scores of choices of `size` actors, times twice the product of both sides' sizes.

    `sums` are those of `_sums`, for many choices with an axis in front.
    """
    # a / n - (t - a) / (N - n) = (N a - n t) / (n (N - n)), where a of n chosen actors and t of all
    # N have a value.
    categories, ages = (
        np.abs(len(counts) * inside - size * counts.sum(axis=0))
        for inside, counts in zip(sums, (known.categories, known.ages), strict=True)
    )
    return np.asarray(categories.sum(axis=-1) + 2 * ages.max(axis=-1))
