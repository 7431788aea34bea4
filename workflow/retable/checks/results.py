"""Checks of scores and tables, independent of the code that made them.

They read the files with numpy, pandas and scikit-learn alone: a fault in `metrics` or `long_form`
must not hide itself.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import metrics

from retable.checks.check import Check, faults_check
from retable.tsv import read_tsv

METRIC_TOLERANCE = 1e-9
_ABSENT = ("not reproduced", "data missing")
"""Verdicts of numbers that may lack a reproduced value."""


def check_metrics(scores: Path, confusion: Path, subject: str) -> Check:
    """Recompute accuracy, UAR and macro F1 from the confusions, pooled ones included."""
    run = ["variant", "role", "repeat", "fold", "task"]
    counts = read_tsv(confusion, (*run, "target", "predicted", "n"))
    counts["n"] = counts["n"].astype(int)
    recomputed = {
        (*map(str, key), metric): value
        for table in (counts, counts.assign(fold="pooled"))
        for key, rows in table.groupby(run)
        for metric, value in _metrics_of(rows).items()
    }
    keys = [*run, "metric"]
    table = read_tsv(scores, (*keys, "value"))
    reported = {
        tuple(key): float(value)
        for *key, value in table[[*keys, "value"]].itertuples(index=False, name=None)
    }
    faults = [f"{' / '.join(key)} is in one file only" for key in set(reported) ^ set(recomputed)]
    faults += [
        f"{' / '.join(key)} is {reported[key]!r}, recomputed {recomputed[key]!r}"
        for key in set(reported) & set(recomputed)
        if not abs(reported[key] - recomputed[key]) <= METRIC_TOLERANCE
    ]
    return faults_check(
        "metrics recomputed", subject, sorted(faults), f"{len(reported)} values agree to 1e-9"
    )


def check_tables_complete(
    published: Path, tables: Mapping[str, Sequence[Path]], removed: Collection[str] = ()
) -> list[Check]:
    """Check that every printed number has one counterpart in variant `paper`; one check a table.

    A number without a reproduced value fails, unless the paper cites it from elsewhere. One whose
    verdict is `not reproduced`, because the paper's spec names nothing to reproduce it from, or
    `data missing`, because a corpus is not there, and a table in `removed`, are allowed and
    listed. Any other table that is not built fails.

    Args:
        published: The paper's `published.csv`.
        tables: Name of a table there -> its long forms (`text` has two: results and settings).
        removed: Tables that the paper's spec has, and overrides remove.
    """
    printed = pd.read_csv(published, dtype=str, keep_default_na=False)
    checks = []
    for name, rows in printed.groupby("table", sort=False):
        subject = f"{published.parent.name}, table {name}"
        if name in tables:
            parts = [read_tsv(path, ("row", "verdict")) for path in tables[str(name)]]
            checks.append(_check_table(rows, pd.concat(parts, ignore_index=True), subject))
        else:
            allowed = name in removed
            cause = (
                "overrides remove the table"
                if allowed
                else f"the table is not built; describe it in {published.parent / 'paper.yaml'}"
            )
            detail = f"{len(rows)} printed numbers; {cause}"
            checks.append(Check("tables complete", subject, allowed, detail, allowed))
    return checks


def _metrics_of(rows: pd.DataFrame) -> dict[str, float]:
    """Accuracy, UAR and macro F1 from counts of (target, predicted), by scikit-learn."""
    counted = rows[rows["n"] > 0]
    target, predicted, n = (counted[column].to_numpy() for column in ("target", "predicted", "n"))
    mean = {"average": "macro", "sample_weight": n, "zero_division": 0.0}
    return {
        "accuracy": float(metrics.accuracy_score(target, predicted, sample_weight=n)),
        "uar": float(metrics.recall_score(target, predicted, labels=np.unique(target), **mean)),
        "macro_f1": float(metrics.f1_score(target, predicted, **mean)),
    }


def _check_table(printed: pd.DataFrame, built: pd.DataFrame, subject: str) -> Check:
    keys = ["row", "column", "metric"]
    paper = built[(built["variant"] == "paper") & (built["kind"] != "extra")]
    faults: list[str] = []
    absent: dict[str, list[str]] = {verdict: [] for verdict in _ABSENT}
    for line in printed[[*keys, "value", "kind"]].itertuples(index=False, name=None):
        key, value, kind = line[:3], line[3], line[4]
        name = " / ".join(key)
        match = paper[(paper[keys] == list(key)).all(axis=1)]
        if len(match) != 1:
            faults.append(f"{name} has {len(match)} counterparts")
        elif match["published"].iloc[0] != value:
            faults.append(f"{name} is printed as {match['published'].iloc[0]}, not {value}")
        elif match["verdict"].iloc[0] in absent:
            absent[match["verdict"].iloc[0]].append(name)
            if match["reproduced"].iloc[0]:
                faults.append(f"{name} is {match['verdict'].iloc[0]}, yet has a reproduced value")
        elif not match["reproduced"].iloc[0] and kind != "cited":
            faults.append(f"{name} has no reproduced value")
    if len(paper) > len(printed):
        faults.append(f"{len(paper) - len(printed)} lines are not published")
    detail = f"{len(printed)} printed numbers"
    for verdict, names in absent.items():
        if names:
            detail += f"; {verdict}: {', '.join(names)}"
    check = faults_check("tables complete", subject, faults, detail)
    return Check(check.check, subject, check.passed, check.detail, allowed=any(absent.values()))
