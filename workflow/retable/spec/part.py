"""Parts: the training jobs of an experiment."""

from retable.spec.base import Spec
from retable.spec.model import Model
from retable.spec.training import Training, WarmStart
from retable.spec.variant import VariantName


class Run(Spec):
    """One training: a repeat and a fold of an experiment."""

    repeat: int
    fold: int
    seed: int
    draw: int = 0
    """Repeat of the split that the run uses."""

    @property
    def name(self) -> str:
        """File stem of what the run leaves."""
        return f"repeat{self.repeat}-fold{self.fold}"


class Part(Spec):
    """Some runs of one experiment and variant, trained one after the other by one job."""

    experiment: str
    variant: VariantName
    model: Model
    training: Training | None
    """None where the model is a baseline."""
    tasks: tuple[tuple[str, ...], ...]
    """The tasks of each input."""
    classes: dict[str, tuple[str, ...]]
    """Task -> class names in the order of the scores."""
    warm_start: WarmStart | None = None
    predict_train: bool = False
    embed: bool = False
    runs: tuple[Run, ...]
