"""Optimizer, learning-rate schedule and loss of a training."""

from collections.abc import Iterable, Mapping

import torch
from torch import nn

from retable.spec.training import Training


def optimizer_of(parameters: Iterable[nn.Parameter], training: Training) -> torch.optim.Optimizer:
    """The optimizer that a training asks for, in its fused form."""
    rate, decay = training.learning_rate, training.weight_decay
    adams = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    if training.optimizer in adams:
        adam = adams[training.optimizer]
        return adam(parameters, lr=rate, eps=training.epsilon, weight_decay=decay, fused=True)
    return torch.optim.SGD(
        parameters, lr=rate, momentum=training.momentum, weight_decay=decay, fused=True
    )


def learning_rate_at(epoch: int, training: Training) -> float:
    """Learning rate of an epoch, counted from 0."""
    if training.decay_every is None:
        return training.learning_rate
    return training.learning_rate * training.decay_factor ** (epoch // training.decay_every)


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Gives every parameter group the same learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def multitask_loss(
    logits: Mapping[str, torch.Tensor],
    targets: Mapping[str, torch.Tensor],
    weights: Mapping[str, float],
) -> torch.Tensor:
    """Weighted sum over tasks of the mean cross entropy (gresnets, equation 2).

    Args:
        logits: task -> (batch, classes).
        targets: task -> (batch,) class indices.
        weights: task -> weight; 1 where absent.
    """
    losses = [
        weights.get(task, 1.0) * nn.functional.cross_entropy(values.float(), targets[task])
        for task, values in logits.items()
    ]
    return torch.stack(losses).sum()
