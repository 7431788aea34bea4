"""Which epoch's weights predict, and when a training no longer waits for a better one."""

import copy
import math

from torch import nn

from retable.errors import TrainingError
from retable.spec.training import Training
from retable.training.progress import Progress


def is_evaluated(epoch: int, training: Training) -> bool:
    """Whether held-out clips are evaluated in an epoch, counted from 1."""
    return epoch % training.evaluate_every == 0 or epoch == training.epochs


def is_over(progress: Progress, training: Training) -> bool:
    """Whether a run has trained its epochs, or waited for a better one in vain.

    Patience is counted in epochs. Only an epoch that is evaluated can be a better one, so that only
    there a training stops.
    """
    if progress.epoch >= training.epochs:
        return True
    if training.patience is None or not is_evaluated(progress.epoch, training):
        return False
    return progress.epoch - (progress.best_epoch or 0) >= training.patience


def keep_best(progress: Progress, training: Training, epoch: int, model: nn.Module) -> None:
    """Keeps the model's weights if no earlier epoch was as good and its loss is a finite number."""
    value = _monitored(progress, training, epoch)
    finite = math.isfinite(progress.loss(epoch, _selected_role(training)))
    if finite and _is_better(value, progress.best_value, training):
        progress.best_epoch, progress.best_value = epoch, value
        progress.best_weights = copy.deepcopy(model.state_dict())


def load_best(name: str, progress: Progress, training: Training, model: nn.Module) -> None:
    """Gives the model the weights of the best epoch.

    Raises:
        TrainingError: the selecting role's loss was finite in no epoch.
    """
    if progress.best_epoch is None:
        raise TrainingError(
            f"{name}: the {_selected_role(training)} loss was finite in none of "
            f"{progress.epoch} epochs; lower the learning rate (now {training.learning_rate})"
        )
    model.load_state_dict(progress.best_weights)


def stop_reason(progress: Progress, training: Training) -> str:
    """Why a training stopped before its last epoch, for the log."""
    best = "lowest" if training.monitor == "loss" else "highest"
    return (
        f"stopped after epoch {progress.epoch} of {training.epochs}: "
        f"{_selected_role(training)} {training.monitor} was {best} in epoch {progress.best_epoch}, "
        f"and patience is {training.patience}"
    )


def _selected_role(training: Training) -> str:
    return training.selection.removeprefix("best_")


def _monitored(progress: Progress, training: Training, epoch: int) -> float:
    """The selected role's loss, or its accuracy averaged over tasks."""
    role = _selected_role(training)
    if training.monitor == "loss":
        return progress.loss(epoch, role)
    of_tasks = progress.accuracies(epoch).values()
    accuracies = [roles[role] for roles in of_tasks if role in roles]
    return sum(accuracies) / len(accuracies)


def _is_better(value: float, best: float | None, training: Training) -> bool:
    if best is None:
        return True
    return value < best if training.monitor == "loss" else value > best
