"""How far a run has come, and how that reads in the log."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

HistoryRow = tuple[int, str, str, str, float]
"""Epoch, role, task, metric, value."""


@dataclass
class Progress:
    """The state of a run beside its network and optimizer; saved with them."""

    epoch: int = 0
    step: int = 0
    order: torch.Tensor | None = None
    """The running epoch's permutation of the training samples."""
    partners: torch.Tensor | None = None
    """Mixup: position of each training sample's partner among those of the second input."""
    starts: torch.Tensor | None = None
    """Random crops: first column of each training sample in the running epoch."""
    sums: dict[str, torch.Tensor] = field(default_factory=dict)
    """Sums over the running epoch: `loss`, and correct decisions by task."""
    history: list[HistoryRow] = field(default_factory=list)
    best_epoch: int | None = None
    """The epoch that was best so far, counted from 1; None where none is selected."""
    best_value: float | None = None
    """What it was best in: its loss or its accuracy."""
    best_weights: dict[str, torch.Tensor] = field(default_factory=dict)
    seconds: float = 0.0
    """Training time, over all jobs that the run was spread over."""

    def record(self, epoch: int, role: str, means: Mapping[str, float]) -> None:
        """Adds a role's loss and accuracies to the history.

        Args:
            epoch: counted from 1.
            role: `train`, `validation` or `test`.
            means: `loss`, and task -> accuracy over samples.
        """
        self.history.append((epoch, role, "all", "loss", means["loss"]))
        accuracies = [(task, value) for task, value in means.items() if task != "loss"]
        self.history.extend((epoch, role, task, "accuracy", value) for task, value in accuracies)

    def loss(self, epoch: int, role: str) -> float:
        """A role's loss in an epoch that it was evaluated in."""
        of_epoch = (epoch, role, "all", "loss")
        return next(row[-1] for row in self.history if row[:-1] == of_epoch)

    def accuracies(self, epoch: int) -> dict[str, dict[str, float]]:
        """Task -> role -> accuracy in an epoch, of the roles that were evaluated in it."""
        values: dict[str, dict[str, float]] = {}
        for its_epoch, role, task, metric, value in self.history:
            if (its_epoch, metric) == (epoch, "accuracy"):
                values.setdefault(task, {})[role] = value
        return values

    def line(self, epochs: int, at_most: bool = False) -> str:
        """What the last epoch gave, and how long the rest will take.

        Args:
            epochs: how many there will be.
            at_most: whether training may stop before that.
        """
        epoch = self.epoch
        accuracies = ", ".join(
            f"{task} " + " / ".join(f"{role} {100 * value:.1f} %" for role, value in roles.items())
            for task, roles in self.accuracies(epoch).items()
        )
        per_epoch = self.seconds / epoch
        return (
            f"epoch {epoch} of {epochs}, loss {self.loss(epoch, 'train'):.3f}, {accuracies}, "
            f"{per_epoch:.1f} s an epoch, {'at most ' if at_most else ''}"
            f"{per_epoch * (epochs - epoch):.0f} s left"
        )
