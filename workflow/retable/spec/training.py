"""Training: how the weights of a network come about."""

from typing import Literal

from pydantic import Field, model_validator

from retable.spec.base import Size, Spec


class WarmStart(Spec):
    """Initial weights from the run of another experiment with the same repeat and fold."""

    experiment: str
    fresh: tuple[str, ...] = ()
    """Patterns (`output.*`) of parameters that are initialised anew; all others must be there."""


class Mixup(Spec):
    """Samples of the first input, each mixed with a random one of the second (mixup_mtl, eq. 1)."""

    weight: float = Field(gt=0, lt=1)
    """Share of the first input's sample; its partner has the rest."""
    redraw: Literal["epoch", "once"]
    """Whether a sample has a new partner every epoch or keeps its first."""
    held_out: Literal["pure", "scaled"] = "pure"
    """Predicted samples are never mixed; `scaled` multiplies them by their weight."""
    validation: Literal["pure", "mixed"] = "pure"
    """What the history's validation scores are of: samples as they are predicted, or mixtures with
    partners that stay the same (sections II.B and III.A mix validation samples too)."""


class TriangularCycle(Spec):
    """A rate that rises and falls along straight lines (densenet_ser, section III)."""

    lowest_rate: float = Field(gt=0)
    """Where a cycle begins and ends; its top is the training's `learning_rate`."""
    half_epochs: Size
    """Epochs from the bottom to the top, and as many back."""


class Training(Spec):
    """One training schedule of the engine."""

    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=2)
    optimizer: Literal["adam", "adamw", "sgd"]
    learning_rate: float = Field(gt=0)
    momentum: float = 0.0
    epsilon: float = Field(default=1e-8, gt=0)
    """Adam's, against a division by zero: torch's default is 1e-8, that of Keras 1e-7."""
    weight_decay: float = 0.0
    decay_every: Size | None = None
    """Epochs after which the learning rate is multiplied by `decay_factor`; never when absent."""
    decay_factor: float = 0.1
    cycle: TriangularCycle | None = None
    """Lets the learning rate rise and fall instead; it changes between epochs."""
    loss: Literal["cross_entropy", "multi_margin", "multilabel_margin"] = "cross_entropy"
    """Of each task: cross entropy, or a hinge loss over classes: torch's `MultiMarginLoss`, or its
    `MultiLabelMarginLoss` with one label."""
    task_weights: dict[str, float] = {}
    """Task -> weight of its loss in the sum; 1 when absent (equation 2 of gresnets)."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Arithmetic of the network; bfloat16 is autocast, weights and optimizer stay float32."""
    selection: Literal["last", "best_validation", "best_test"] = "last"
    """Which epoch's weights predict. `best_test` is open only to `variant: paper`."""
    monitor: Literal["accuracy", "loss"] = "accuracy"
    """What the best epoch is best in: the highest accuracy, averaged over tasks, or the lowest
    loss."""
    patience: int | None = Field(default=None, ge=1)
    """Epochs without a new best after which training stops; never when absent."""
    batching: Literal["whole", "shortest", "masked"] = "whole"
    """Clips of different lengths in a batch: as they are stored, with zeros at their end; all cut
    to the shortest of the batch, so that a prediction depends on its batch (cabcnn, section 4); or
    whole, and steps past a clip's end do not count."""
    crop: Literal["centre", "random"] = "centre"
    """What training sees of a clip that is longer than what a network sees at once: its middle, as
    prediction does, or a part that is drawn anew every epoch."""
    mixup: Mixup | None = None
    """Joins the two inputs of an experiment into samples with the targets of both."""
    frozen: tuple[str, ...] = ()
    """Patterns (`shared.*`) of parameters that keep their initial values."""
    freeze_batch_norm: bool = True
    """Whether batch normalisation with frozen parameters also keeps its running statistics."""
    evaluate_every: int = Field(default=1, ge=1)
    """Epochs between evaluations of held-out clips for the history; the last is always one."""
    determinism: Literal["strict", "fast"] = "strict"
    """`strict`: bit-identical on the same device and versions. `fast` allows faster kernels."""
    compile: bool = False
    """torch.compile the network."""

    @model_validator(mode="after")
    def _has_one_schedule(self) -> "Training":
        if self.cycle is None:
            return self
        if self.decay_every is not None:
            raise ValueError("the learning rate has a cycle and decay_every; keep one")
        if self.cycle.lowest_rate >= self.learning_rate:
            raise ValueError(
                f"cycle.lowest_rate {self.cycle.lowest_rate:g} is not below the learning_rate "
                f"{self.learning_rate:g}, which is the top of the cycle"
            )
        return self

    @model_validator(mode="after")
    def _stops_at_a_best(self) -> "Training":
        if self.patience is not None and self.selection == "last":
            raise ValueError("patience waits for a better epoch, and selection is last")
        return self
