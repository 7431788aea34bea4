"""Splits: which clips train and which are held out."""

from typing import Annotated, Literal

from pydantic import Field

from retable.spec.base import Spec


class KFold(Spec):
    """k-fold cross-validation: fold k is held out (role `test`), the others train."""

    kind: Literal["kfold"]
    folds: int = Field(ge=2)
    seed: int
    equal: bool = False
    """Folds of equal size: up to folds - 1 clips, drawn at random, are left out."""
    group: Literal["speaker", "group"] | None = None
    """Manifest column whose values stay on one side."""
    repeats: int = Field(default=1, ge=1)
    """Different draws; run r of an experiment uses draw r modulo this."""
    allowed_leaks: tuple[Literal["speaker", "group"], ...] = ()
    """Units that this split lets stand on both sides, because the paper's does."""


Split = Annotated[KFold, Field()]
