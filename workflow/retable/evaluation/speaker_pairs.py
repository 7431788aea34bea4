"""Pairs of clips, half of them of one speaker (vggvox_mtl, section 6).

On which pairs the paper tests its networks, it does not say. Here they are drawn from all that the
clips make, every pair of one speaker as likely as any other, and likewise every pair of two
speakers.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from retable.errors import DataError
from retable.spec.split import Role
from retable.splits.clip_roles import ROLES
from retable.tsv import read_tsv


def read_speakers(dataset: Path, task: str) -> pd.Series:
    """Speaker by clip_id; empty text where a clip has none.

    Args:
        dataset: Table of the dataset's clips.
        task: Its column of speakers.

    Raises:
        DataError: The table is missing, or has no such column.
    """
    table = read_tsv(dataset, ("clip_id", task))
    return table.set_index("clip_id")[task]


def speakers_of(clips: pd.Index, speakers: pd.Series, dataset: Path) -> pd.Series:
    """The speakers of these clips, as `read_speakers` gives them.

    Raises:
        DataError: A clip has none.
    """
    found = speakers.reindex(clips, fill_value="")
    without = found.index[found == ""]
    if len(without):
        raise DataError(
            f"{dataset}: {len(without)} of {len(found)} clips have no speaker in the column "
            f"{speakers.name}, first {without[0]!r}; leave them out of the dataset, or name "
            "another column as `task` of the verification"
        )
    return found


def draw_pairs(speakers: pd.Series, pairs: int, seed: int, role: Role, place: str) -> pd.DataFrame:
    """Draw different pairs of different clips, half of them of one speaker, the others of two.

    Equal clips, speakers and seeds give equal pairs, whatever the order of the clips.

    Args:
        speakers: Speaker by clip_id.
        pairs: How many, an even number.
        seed: Of the draw, which is another for every role.
        role: What the clips are to the run.
        place: The verification and run, for messages.

    Returns:
        Columns `first, second, same`, sorted: clip_ids with `first < second`, and whether both
        are of one speaker.

    Raises:
        DataError: The clips make too few pairs of either kind.
    """
    # One speaker after another, so that the clips before a clip are: those of other speakers, then
    # those of its own. Each kind of pair is then numbered by its later clip.
    clips = speakers.rename_axis("clip_id").reset_index(name="speaker")
    clips = clips.sort_values(["speaker", "clip_id"], ignore_index=True)
    of_own = clips.groupby("speaker").cumcount().to_numpy()
    of_others = np.arange(len(clips)) - of_own
    each = pairs // 2
    _require_enough(each, int(of_own.sum()), int(of_others.sum()), f"{place}, role {role}", clips)
    generator = np.random.default_rng([seed, ROLES.index(role)])
    same = _draw(of_own, of_others, each, generator)
    different = _draw(of_others, np.zeros_like(of_own), each, generator)
    clip = clips["clip_id"].to_numpy(dtype=object)[np.concatenate([same, different])]
    table = pd.DataFrame(np.sort(clip, axis=1), columns=["first", "second"])
    table["same"] = np.arange(len(table)) < each
    return table.sort_values(["first", "second"], ignore_index=True)


def _draw(
    partners: np.ndarray, first: np.ndarray, number: int, generator: np.random.Generator
) -> np.ndarray:
    """Draw pairs uniformly and without replacement.

    Args:
        partners: (clips,), with how many earlier clips each clip makes a pair.
        first: (clips,), the place of the first of these, which the others follow.
        number: Of pairs.
        generator: Draws.

    Returns:
        (number, 2), places of clips.
    """
    ends = partners.cumsum()
    drawn = generator.choice(int(ends[-1]), number, replace=False)
    later = np.searchsorted(ends, drawn, side="right")
    earlier = first[later] + drawn - (ends - partners)[later]
    return np.stack([earlier, later], axis=1)


def _require_enough(each: int, same: int, different: int, place: str, clips: pd.DataFrame) -> None:
    most = 2 * min(same, different)
    if most >= 2 * each:
        return
    advice = (
        f"lower `pairs` of the verification to at most {most}, in paper.yaml or in the scale"
        if most
        else "the split must have several clips of several speakers"
    )
    raise DataError(
        f"{place}: {len(clips)} clips of {clips['speaker'].nunique()} speakers make {same} pairs "
        f"of one speaker and {different} of two, and {each} of each are asked for; {advice}"
    )
