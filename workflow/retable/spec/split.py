"""Splits: which clips train and which are held out."""

from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from retable.spec.base import Size, Spec
from retable.spec.corpus import Filter


class ExtraClips(Spec):
    """Clips of another dataset, with the same tasks, that train and are never held out."""

    dataset: str
    """`<corpus>-<dataset>`."""
    clips: Size | None = None
    """So many of them, drawn at random with the split's seed so that each class of `stratify` keeps
    its share; all when absent."""


class _Split(Spec):
    """What every kind of split has."""

    allowed_leaks: tuple[Literal["speaker", "group"], ...] = ()
    """Units that this split lets stand on both sides, because the paper's does."""
    extra: tuple[ExtraClips, ...] = ()
    """Further clips for training, the same in every fold and repeat."""

    @property
    def extra_datasets(self) -> tuple[str, ...]:
        """Names of the datasets that these are from."""
        return tuple(one.dataset for one in self.extra)


class KFold(_Split):
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

    @model_validator(mode="after")
    def _is_equal_or_stratified(self) -> "KFold":
        if self.equal and (self.stratify or self.group):
            raise ValueError("equal folds are drawn at random: drop `stratify` and `group`")
        return self

    @model_validator(mode="after")
    def _draws_by_class(self) -> "KFold":
        if not self.stratify and any(one.clips for one in self.extra):
            raise ValueError("extra clips are drawn by class: say which in `stratify`")
        return self


Role = Literal["train", "validation", "test"]


class Shares(_Split):
    """Fixed shares of every class train, validate and test (cabcnn, section 4)."""

    kind: Literal["shares"]
    shares: dict[Role, float]
    """Role -> its share of the clips; they sum to 1. Without `validation` none validates."""
    stratify: str
    """Manifest column whose every value is shared out like that."""
    seed: int
    group: Literal["speaker", "group"] | None = None
    """Manifest column whose values stay on one side; shares are then met as nearly as they can
    be."""
    repeats: int = Field(default=1, ge=1)
    """Different draws; run r of an experiment uses draw r modulo this."""
    folds: ClassVar[int] = 1
    """A draw is a single fold."""

    @property
    def has_validation(self) -> bool:
        """Whether some clips validate."""
        return "validation" in self.shares

    @model_validator(mode="after")
    def _shares_out_everything(self) -> "Shares":
        if not {"train", "test"} <= set(self.shares):
            raise ValueError("shares names train and test and, where some validate, validation")
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


class OfficialFolds(_Split):
    """Folds that a corpus publishes, as columns of its manifest."""

    kind: Literal["official"]
    roles: tuple[dict[Role, Filter], ...] = Field(min_length=1)
    """Fold -> role -> the clips that play it; the others play none."""
    repeats: ClassVar[int] = 1
    """The folds are the same in every repeat of an experiment."""

    @model_validator(mode="after")
    def _draws_nothing(self) -> "OfficialFolds":
        if any(one.clips for one in self.extra):
            raise ValueError("extra clips are drawn by class, which official folds have none of")
        return self

    @property
    def folds(self) -> int:
        """Number of folds."""
        return len(self.roles)

    @property
    def has_validation(self) -> bool:
        """Whether some clips validate in every fold."""
        return all("validation" in roles for roles in self.roles)


Split = Annotated[KFold | Shares | OfficialFolds, Field(discriminator="kind")]
