"""Checks of verifications, independent of the code that made them: of which clips the pairs are."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from retable.checks.check import Check, faults_check
from retable.errors import DataError
from retable.tsv import as_numbers, read_tsv

RUN = ["repeat", "fold"]
ENDS = ["first", "second"]


def check_verification(
    predictions: Sequence[Path], dataset: Path, task: str, roles: Path, subject: str
) -> list[Check]:
    """Check the pairs of every run of a verification.

    Half of them are of one speaker; none occurs twice, in whatever order of its clips; both clips
    are test clips; and the target says `same` where, and only where, they have one speaker.

    Args:
        predictions: Rows whose clip_id is a pair, `<first>|<second>`, and whose target is `same`
            or `different`.
        dataset: Table of the clips, with their speakers.
        task: Its column of speakers.
        roles: The clips' roles in the split (`repeat, fold, clip_id, role`).
        subject: The verification and variant.

    Raises:
        DataError: A file is unreadable, there are no pairs, or a clip_id is not one.
    """
    pairs = _read_pairs(predictions)
    speaker = read_tsv(dataset, ("clip_id", task)).set_index("clip_id")[task]
    own = [pairs[end].map(speaker) for end in ENDS]
    pairs["known"] = own[0].notna() & own[1].notna() & (own[0] != "") & (own[1] != "")
    pairs["same"] = pairs["known"] & (own[0] == own[1])
    runs = pairs.groupby(RUN, sort=True)
    sizes = sorted(set(runs.size()))
    found = f"{' or '.join(map(str, sizes))} pairs in each of {runs.ngroups} runs"
    return [
        faults_check("half of the pairs are of one speaker", subject, _uneven(pairs), found),
        faults_check("no pair of clips twice", subject, _repeated(pairs), found),
        faults_check("pairs of test clips", subject, _not_tested(pairs, roles), found),
        faults_check("targets of pairs as the speakers", subject, _mislabelled(pairs), found),
    ]


def _read_pairs(paths: Sequence[Path]) -> pd.DataFrame:
    """Columns `repeat, fold, target, first, second`."""
    columns = [*RUN, "target", "clip_id"]
    source = ", ".join(map(str, paths))
    try:
        table = pa.concat_tables([pq.read_table(path, columns=columns) for path in paths])
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(
            f"{source}: not a readable file of predictions ({error}); remove it and build it again"
        ) from error
    pairs = table.to_pandas()
    if pairs.empty:
        raise DataError(f"{source}: it holds no pairs; remove it and build it again")
    no_pair = pairs["clip_id"].str.count(r"\|") != 1
    if no_pair.any():
        raise DataError(
            f"{source}: {int(no_pair.sum())} of {len(pairs)} clip_ids are not two "
            f"clip_ids separated by `|`, first {pairs.loc[no_pair, 'clip_id'].iloc[0]!r}; give the "
            "clips other names"
        )
    pairs[ENDS] = pairs["clip_id"].str.split("|", expand=True)
    return pairs.drop(columns="clip_id")


def _uneven(pairs: pd.DataFrame) -> list[str]:
    return [
        f"repeat {repeat} fold {fold}: {int(same.sum())} of {len(same)} pairs are of one speaker"
        for (repeat, fold), same in pairs.groupby(RUN, sort=True)["same"]
        if 2 * int(same.sum()) != len(same)
    ]


def _repeated(pairs: pd.DataFrame) -> list[str]:
    ends = pairs[ENDS]
    ordered = pairs[RUN].assign(low=ends.min(axis=1), high=ends.max(axis=1))
    twice = ordered.duplicated()
    faults = _by_run(pairs[twice], "{count} pairs are there already")
    with_itself = pairs[pairs["first"] == pairs["second"]]
    return faults + _by_run(with_itself, "{count} pairs are of a clip with itself")


def _not_tested(pairs: pd.DataFrame, roles: Path) -> list[str]:
    """A split with fewer draws than the experiment has repeats starts again."""
    split = read_tsv(roles, (*RUN, "clip_id", "role"))
    split = as_numbers(split, {"repeat": int, "fold": int}, roles)
    draws = split["repeat"].nunique()
    tested = split[split["role"] == "test"].groupby(RUN)["clip_id"].agg(frozenset).to_dict()
    faults = []
    drawn = pairs.assign(draw=pairs["repeat"] % draws)
    for (repeat, fold, draw), own in drawn.groupby([*RUN, "draw"], sort=True):
        due = tested.get((draw, fold), frozenset())
        other = sorted(({*own["first"], *own["second"]}) - due)
        if other:
            faults.append(
                f"repeat {repeat} fold {fold}: {len(other)} clips are no test clips of the split, "
                f"the first is {other[0]}"
            )
    return faults


def _mislabelled(pairs: pd.DataFrame) -> list[str]:
    unknown = _by_run(pairs[~pairs["known"]], "{count} pairs have a clip without speaker")
    due = pairs["same"].map({True: "same", False: "different"})
    wrong = pairs[pairs["known"] & (pairs["target"] != due)]
    return unknown + _by_run(wrong, "{count} targets are not what the speakers say")


def _by_run(pairs: pd.DataFrame, words: str) -> list[str]:
    """The words for each run that has some of these pairs, the first named."""
    return [
        f"repeat {repeat} fold {fold}: {words.format(count=len(own))}, the first is "
        f"{own['first'].iloc[0]} and {own['second'].iloc[0]}"
        for (repeat, fold), own in pairs.groupby(RUN, sort=True)
    ]
