"""Splits: which clips train and which are held out."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from retable.spec.base import Spec
from retable.spec.corpus import Filter


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


Role = Literal["train", "validation", "test"]


class OfficialFolds(Spec):
    """Folds that a corpus publishes, as columns of its manifest."""

    kind: Literal["official"]
    roles: tuple[dict[Role, Filter], ...] = Field(min_length=1)
    """Fold -> role -> the clips that play it; the others play none."""
    allowed_leaks: tuple[Literal["speaker", "group"], ...] = ()
    """Units that this split lets stand on both sides, because the paper's does."""
    repeats: ClassVar[int] = 1
    """The folds are the same in every repeat of an experiment."""

    @property
    def folds(self) -> int:
        """Number of folds."""
        return len(self.roles)


Split = Annotated[KFold | OfficialFolds, Field(discriminator="kind")]
