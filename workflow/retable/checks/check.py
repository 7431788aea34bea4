"""The outcome of a check; a failed one fails the build and names itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from retable.errors import CheckError, listed
from retable.tsv import write_tsv


@dataclass(frozen=True)
class Check:
    """The outcome of one check on one subject."""

    check: str
    """What was checked, the same words for every subject."""
    subject: str
    """The file or experiment."""
    passed: bool
    detail: str
    """What was found, with counts; for a failure also where to look."""
    allowed: bool = False
    """Passed only because the paper's spec allows by name what was found."""

    @property
    def result(self) -> str:
        """`passed`, `allowed` or `failed`."""
        if not self.passed:
            return "failed"
        return "allowed" if self.allowed else "passed"


def faults_check(name: str, subject: str, faults: Sequence[str], detail: str) -> Check:
    """A check that passes without faults; of many, it names the first five."""
    shown = listed(faults, most=5, separator="; ")
    return Check(check=name, subject=subject, passed=not faults, detail=shown or detail)


def write_checks(checks: Iterable[Check], path: Path) -> None:
    """Write every check with columns `check, subject, result, detail`, in the given order.

    Raises:
        CheckError: A check failed; raised after writing, naming each of them.
    """
    checks = list(checks)
    rows = [(check.check, check.subject, check.result, check.detail) for check in checks]
    write_tsv(pd.DataFrame(rows, columns=["check", "subject", "result", "detail"]), path)
    failed = [check for check in checks if not check.passed]
    if failed:
        names = [f"  - {check.check}, {check.subject}: {check.detail}" for check in failed]
        raise CheckError(
            "\n".join([f"{path}: {len(failed)} of {len(checks)} checks failed", *names])
        )
