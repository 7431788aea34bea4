"""Checks of predictions, independent of the code that made them.

They read the files with pyarrow, numpy and pandas alone: a fault in `evaluation` must not hide
itself.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from retable.checks.check import Check, faults_check
from retable.tsv import as_numbers, read_tsv

SUM_TOLERANCE = 1e-4
"""Largest error of a sum of float32 probabilities."""
RUN_KEY = ["repeat", "fold", "task"]
Roles = Mapping[tuple[int, int], Mapping[str, frozenset[str]]]


def check_predictions(
    paths: Sequence[Path], subject: str, roles: Mapping[str, Path] | None = None
) -> list[Check]:
    """Check one variant of an experiment, fusion or verification.

    Scores are probabilities; no clip is predicted twice, and each has as many segments as any
    other of its task and run; and the clips are those that play their role in the split.

    Args:
        paths: The predictions of all parts.
        subject: The experiment, fusion or verification, and variant.
        roles: Task -> the clips' roles (`repeat, fold, clip_id, role`) in the split of the task's
            input. What is derived from predictions has no split: nothing is compared.
    """
    rows = pa.concat_tables([pq.read_table(path) for path in paths])
    table = rows.drop_columns(["scores"]).to_pandas()
    checks = [_check_scores(rows["scores"], subject), _check_one_prediction(table, subject)]
    if roles is not None:
        checks.append(_check_clips(table, roles, subject))
    return checks


def _check_scores(column: pa.ChunkedArray, subject: str) -> Check:
    lists = column.combine_chunks()
    row = np.repeat(np.arange(len(lists)), lists.value_lengths().fill_null(0).to_numpy())
    scores = lists.flatten().to_numpy(zero_copy_only=False).astype(np.float64)
    count = len(lists)
    sums = np.bincount(row, weights=scores, minlength=count)
    infinite = np.bincount(row[~np.isfinite(scores)], minlength=count) > 0
    negative = np.bincount(row[scores < 0], minlength=count) > 0
    off = ~infinite & ~(np.abs(sums - 1.0) <= SUM_TOLERANCE)
    faults = []
    if infinite.any():
        faults.append(f"{int(infinite.sum())} rows hold a score that is not finite")
    if negative.any():
        faults.append(f"{int(negative.sum())} rows hold a score below 0")
    if off.any():
        faults.append(f"{int(off.sum())} rows do not sum to 1, the first to {sums[off][0]:g}")
    return faults_check("scores are probabilities", subject, faults, f"{count} rows")


def _check_one_prediction(table: pd.DataFrame, subject: str) -> Check:
    faults = []
    once = table.drop_duplicates([*RUN_KEY, "clip_id", "segment", "channel"])
    if len(once) < len(table):
        twice = len(table) - len(once)
        faults.append(f"{twice} rows are a second prediction of the same clip, task and run")
    segments = once.groupby([*RUN_KEY, "clip_id"], sort=True).size()
    kinds = once[[*RUN_KEY, "segment", "channel"]].drop_duplicates().groupby(RUN_KEY).size()
    of_run = segments.groupby(level=RUN_KEY).agg(["min", "max"]).assign(kinds=kinds).reset_index()
    columns = [*RUN_KEY, "min", "max", "kinds"]
    for repeat, fold, task, fewest, most, every in of_run[columns].itertuples(index=False):
        if fewest != every:
            faults.append(
                f"repeat {repeat} fold {fold}: clips have {fewest} to {most} of the {every} "
                f"segments of task {task}"
            )
    counts = " or ".join(str(count) for count in sorted(set(of_run["kinds"])))
    detail = f"{len(segments)} clips of {len(of_run)} tasks and runs, {counts} segments each"
    return faults_check("one prediction per clip, task and run", subject, faults, detail)


def _check_clips(table: pd.DataFrame, roles: Mapping[str, Path], subject: str) -> Check:
    """Training clips may be left out; where a task has some, every run has all of them."""
    splits = {task: _read_roles(path) for task, path in roles.items()}
    clips = table[[*RUN_KEY, "role", "clip_id"]].drop_duplicates()
    runs = clips[["repeat", "fold"]].drop_duplicates().itertuples(index=False, name=None)
    found = {
        (repeat, fold, task, role): frozenset(rows)
        for (repeat, fold, task, role), rows in clips.groupby([*RUN_KEY, "role"])["clip_id"]
    }
    trained = {task for _, _, task, role in found if role == "train"}
    faults = [
        f"task {task} is predicted, which is none of the experiment's"
        for task in sorted(set(clips["task"]) - set(splits))
    ]
    compared = 0
    for repeat, fold in sorted(runs):
        for task, split in splits.items():
            expected = _expected(split, repeat, fold)
            for role in ("train", "validation", "test"):
                if role == "train" and task not in trained:
                    continue
                due = expected.get(role, frozenset())
                own = found.get((repeat, fold, task, role), frozenset())
                compared += bool(due)
                if own != due:
                    faults.append(
                        f"repeat {repeat} fold {fold} {role}: task {task} misses "
                        f"{len(due - own)} clips of the split and has {len(own - due)} others"
                    )
    return faults_check("clips as in the split", subject, faults, f"{compared} sets of clips")


def _read_roles(path: Path) -> Roles:
    table = read_tsv(path, ("repeat", "fold", "clip_id", "role"))
    table = as_numbers(table, {"repeat": int, "fold": int}, path)
    roles: dict[tuple[int, int], dict[str, frozenset[str]]] = {}
    for repeat, fold in table[["repeat", "fold"]].drop_duplicates().itertuples(index=False):
        own = table[(table["repeat"] == repeat) & (table["fold"] == fold)]
        roles[repeat, fold] = {
            str(role): frozenset(clips) for role, clips in own.groupby("role")["clip_id"]
        }
    return roles


def _expected(split: Roles, repeat: int, fold: int) -> Mapping[str, frozenset[str]]:
    """Roles of a run; a split with fewer draws than the experiment has repeats starts again."""
    draws = len({draw for draw, _ in split})
    return split.get((repeat % draws, fold), {})
