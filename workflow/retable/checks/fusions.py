"""Checks of fusions: what the fused classifiers had learned of the clips that they decide."""

from pathlib import Path

from retable.checks.check import Check
from retable.errors import DataError
from retable.tsv import as_numbers, read_tsv

AUDIT_COLUMNS = ("repeat", "fold", "role", "clips", "pairs")


def check_fusion(audit: Path, other_roles: bool, subject: str) -> Check:
    """Check that no classifier was trained or validated on a clip that it helps to decide.

    Args:
        audit: Table with `AUDIT_COLUMNS`; `pairs` counts clips times classifiers by the role that
            the clip played for the classifier.
        other_roles: The fusion declares that it looks at such clips.
        subject: The fusion and variant.

    Raises:
        DataError: The audit is unreadable, or empty.
    """
    table = as_numbers(read_tsv(audit, AUDIT_COLUMNS), {"clips": int, "pairs": int}, audit)
    every = int(table["pairs"].sum())
    if not every:
        raise DataError(f"{audit}: it audits no scores; remove it and build it again")
    seen = table[table["role"] != "test"]
    by_role = seen.groupby("role")["pairs"].sum()
    other = int(by_role.sum())
    detail = f"none of {every} scores"
    if other:
        roles = ", ".join(f"{role} {pairs}" for role, pairs in by_role.items() if pairs)
        detail = (
            f"{other} of {every} scores are by classifiers that trained or validated on the clip "
            f"({roles})"
        )
        detail += "; the fusion declares it" if other_roles else "; fuse `folds: apart`"
    return Check(
        check="fused classifiers trained on what they test",
        subject=subject,
        passed=not other or other_roles,
        detail=detail,
        allowed=other > 0,
    )
