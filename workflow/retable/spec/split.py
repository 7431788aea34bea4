"""Splits: which clips train and which are held out."""

from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from retable.spec.base import Spec
from retable.spec.corpus import Filter


class KFold(Spec):
    """k-fold cross-validation: fold k is held out (role `test`), the others train."""

    has_validation: ClassVar[bool] = False
    """Whether some clips validate in every fold."""
    kind: Literal["kfold"]
    folds: int = Field(ge=2)
    seed: int
    equal: bool = False
    """Folds of equal size: up to folds - 1 clips, drawn at random, are left out."""
    group: Literal["speaker", "group"] | None = None
    """Manifest column whose values stay on one side."""
    stratify: str | None = None
    """Manifest column whose values are spread evenly over the folds."""
    repeats: int = Field(default=1, ge=1)
    """Different draws; run r of an experiment uses draw r modulo this."""
    allowed_leaks: tuple[Literal["speaker", "group"], ...] = ()
    """Units that this split lets stand on both sides, because the paper's does."""

    @model_validator(mode="after")
    def _is_equal_or_stratified(self) -> "KFold":
        if self.equal and (self.stratify or self.group):
            raise ValueError("equal folds are drawn at random: drop `stratify` and `group`")
        return self


Role = Literal["train", "validation", "test"]


class Shares(Spec):
    """Fixed shares of every class train, validate and test (cabcnn, section 4)."""

    kind: Literal["shares"]
    shares: dict[Role, float]
    """Role -> its share of the clips; they sum to 1."""
    stratify: str
    """Manifest column whose every value is shared out like that."""
    seed: int
    group: Literal["speaker", "group"] | None = None
    """Manifest column whose values stay on one side; shares are then met as nearly as they can
    be."""
    repeats: int = Field(default=1, ge=1)
    """Different draws; run r of an experiment uses draw r modulo this."""
    allowed_leaks: tuple[Literal["speaker", "group"], ...] = ()
    """Units that this split lets stand on both sides, because the paper's does."""
    folds: ClassVar[int] = 1
    """A draw is a single fold."""
    has_validation: ClassVar[bool] = True

    @model_validator(mode="after")
    def _shares_out_everything(self) -> "Shares":
        if set(self.shares) != {"train", "validation", "test"}:
            raise ValueError("shares names train, validation and test, each once")
        if min(self.shares.values()) <= 0 or abs(sum(self.shares.values()) - 1) > 1e-9:
            raise ValueError(f"shares {self.shares} are not positive numbers that sum to 1")
        return self

    @model_validator(mode="after")
    def _deals_groups_out_in_hundredths(self) -> "Shares":
        hundredths = [100 * Fraction(str(share)) for share in self.shares.values()]
        if self.group and any(number.denominator > 1 for number in hundredths):
            raise ValueError(
                f"shares {self.shares} are of groups, which are dealt out in equal folds, 100 at "
                "most; write each as a multiple of 0.01"
            )
        return self


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

    @property
    def has_validation(self) -> bool:
        """Whether some clips validate in every fold."""
        return all("validation" in roles for roles in self.roles)


Split = Annotated[KFold | Shares | OfficialFolds, Field(discriminator="kind")]
