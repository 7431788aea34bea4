"""Checks of splits: leakage between roles, and fold sizes."""

import json
from pathlib import Path

import pandas as pd

from retable.checks.check import Check
from retable.errors import DataError
from retable.tsv import as_numbers, read_tsv

AUDIT_COLUMNS = ("repeat", "fold", "unit", "roles", "shared", "allowed")


def check_leakage(audit: Path, subject: str) -> list[Check]:
    """Check that no clip, speaker or group stands on two sides; one check a unit.

    Args:
        audit: Table with `AUDIT_COLUMNS`; `shared` counts the units that the two `roles` share.
        subject: The paper and split.

    A shared clip always fails. Shared speakers or groups fail unless the split allows them.

    Raises:
        DataError: The audit is unreadable, or empty.
    """
    table = as_numbers(read_tsv(audit, AUDIT_COLUMNS), {"shared": int}, audit)
    if "clip" not in set(table["unit"]):
        raise DataError(f"{audit}: it audits no clips; remove it and build it again")
    table["allowed"] = table["allowed"].str.lower()
    unknown = sorted(set(table["allowed"]) - {"true", "false"})
    if unknown:
        raise DataError(f"{audit}: allowed is {unknown[0]!r}; expected true or false")
    return [_leak_check(str(unit), rows, subject) for unit, rows in table.groupby("unit")]


def check_fold_sizes(split: Path, subject: str) -> Check:
    """Check that every fold has clips to train and to test on, and equal folds are equal.

    Args:
        split: `split.json`: `sizes` lists `{repeat, fold, role, clips}`; `equal` says whether the
            test folds are declared to be of equal size.
        subject: The paper and split.

    Raises:
        DataError: The file lists no sizes.
    """
    try:
        facts = json.loads(split.read_text(encoding="utf-8"))
        equal = bool(facts["equal"])
        clips = (
            pd.DataFrame(facts["sizes"])
            .set_index(["repeat", "fold", "role"])["clips"]
            .unstack(fill_value=0)
        )
    except (OSError, json.JSONDecodeError, KeyError) as error:
        raise DataError(f"{split}: it lists no fold sizes ({error!r}); build it again") from error
    for role in ("train", "test"):
        if role not in clips.columns:
            clips[role] = 0
    faults = [
        f"repeat {repeat} fold {fold} has no {role} clips"
        for role in clips.columns
        for repeat, fold in clips.index[clips[role] == 0]
    ]
    smallest, largest = int(clips["test"].min()), int(clips["test"].max())
    if equal and smallest != largest:
        faults.append(f"test folds have {smallest} to {largest} clips, but are declared equal")
    folds = "1 fold" if len(clips) == 1 else f"{len(clips)} folds"
    found = f"{smallest}" if smallest == largest else f"{smallest} to {largest}"
    return Check(
        check="fold sizes",
        subject=subject,
        passed=not faults,
        detail="; ".join(faults) or f"{folds} of {found} test clips",
    )


def _leak_check(unit: str, rows: pd.DataFrame, subject: str) -> Check:
    leaks = rows[rows["shared"] > 0]
    forbidden = leaks if unit == "clip" else leaks[leaks["allowed"] != "true"]
    named = forbidden if len(forbidden) else leaks
    detail = f"none shared in {len(rows)} comparisons"
    if len(leaks):
        worst = named.sort_values("shared", kind="stable").iloc[-1]
        detail = (
            f"shared in {len(named)} of {len(rows)} comparisons, at most {worst['shared']} "
            f"({worst['roles']}, repeat {worst['repeat']} fold {worst['fold']})"
        )
        if not len(forbidden):
            detail += "; the paper's own split has this leak"
    return Check(
        check=f"leakage of {unit}s",
        subject=subject,
        passed=forbidden.empty,
        detail=detail,
        allowed=len(leaks) > 0,
    )
