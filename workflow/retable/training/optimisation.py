"""Optimizer, learning-rate schedule and loss of a training."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

import torch
from torch import nn

from retable.spec.training import Training, TriangularCycle


def optimizer_of(parameters: Iterable[nn.Parameter], training: Training) -> torch.optim.Optimizer:
    """The optimizer that a training asks for, in its fused form.

    The weight decay of Adam and SGD is a part of the gradient (L2 regularisation). That of AdamW is
    decoupled (Loshchilov and Hutter, 2019): a step first multiplies a parameter by 1 - learning
    rate * weight decay. Every trainable parameter decays, biases and normalisation too.
    """
    rate, decay = training.learning_rate, training.weight_decay
    adams = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    if training.optimizer in adams:
        adam = adams[training.optimizer]
        return adam(parameters, lr=rate, eps=training.epsilon, weight_decay=decay, fused=True)
    return torch.optim.SGD(
        parameters, lr=rate, momentum=training.momentum, weight_decay=decay, fused=True
    )


def learning_rate_at(epoch: int, training: Training) -> float:
    """Learning rate of an epoch, counted from 0; it stays within an epoch.

    Constant, multiplied by a factor every so many epochs, or a triangular cycle (densenet_ser,
    section III), which begins at its lowest rate.
    """
    if training.cycle is not None:
        return _rate_in_cycle(epoch, training.learning_rate, training.cycle)
    if training.decay_every is None:
        return training.learning_rate
    return training.learning_rate * training.decay_factor ** (epoch // training.decay_every)


def _rate_in_cycle(epoch: int, highest: float, cycle: TriangularCycle) -> float:
    half = cycle.half_epochs
    from_top = abs(epoch % (2 * half) - half) / half
    return highest - from_top * (highest - cycle.lowest_rate)


def schedule_facts(training: Training, rates: Sequence[float]) -> dict[str, str | float | None]:
    """What the learning rate of a run did, for its record.

    Args:
        training: says what kind of schedule it was.
        rates: the learning rate of each epoch that the run had.

    Returns:
        `kind`: `constant`, `step` or `triangular`.
        `epochs`: before the first drop of a step schedule, or from the bottom to the first top of a
        cycle; None where the run had none.
        `divisor`: the rate before the first drop over that after it, and `factor`, the inverse; 1
        where the run had none, and None for a cycle, which falls along a line.
        `highest`, `lowest`: of all epochs.
    """
    kinds = {"triangular": training.cycle, "step": training.decay_every}
    kind = next((name for name, asked in kinds.items() if asked is not None), "constant")
    drop = next((at for at, (rate, after) in enumerate(pairwise(rates)) if after < rate), None)
    divisor = 1.0 if drop is None else rates[drop] / rates[drop + 1]
    # `drop` is the last epoch before the fall: a step's epochs include it, a rise ends with it.
    epochs = drop if drop is None or kind == "triangular" else drop + 1
    return {
        "kind": kind,
        "epochs": epochs,
        "divisor": None if kind == "triangular" else divisor,
        "factor": None if kind == "triangular" else 1 / divisor,
        "highest": max(rates),
        "lowest": min(rates),
    }


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Gives every parameter group the same learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def _multilabel_margin(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The loss for clips of several labels, of which each clip here has one."""
    # A clip's labels are those before the first -1 of its row.
    others = logits.shape[1] - 1
    labels = nn.functional.pad(targets.unsqueeze(1), (0, others), value=-1)
    return nn.functional.multilabel_margin_loss(logits, labels)


LOSSES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "cross_entropy": nn.functional.cross_entropy,
    "multi_margin": nn.functional.multi_margin_loss,
    "multilabel_margin": _multilabel_margin,
}
"""`Training.loss` -> mean over clips, of logits (batch, classes) and class indices (batch,)."""


def multitask_loss(
    logits: Mapping[str, torch.Tensor],
    targets: Mapping[str, torch.Tensor],
    training: Training,
) -> torch.Tensor:
    """Weighted sum over tasks of a training's loss (gresnets, equation 2).

    The hinge losses (densenet_ser, section III) are, for a clip of class y with logits x, the sum
    of max(0, 1 - x_y + x_i) over the other classes i, divided by the number of all classes. With
    one label a clip, `multi_margin` and `multilabel_margin` are this same number.

    A hinge loss is content once the logit of a clip's class leads all others by 1. Predictions are
    the softmax of the logits whatever the loss: after a hinge loss the most probable class is still
    that of the largest logit, but nothing has fitted the numbers to how often they are right. A
    lead of just 1 over seven others is a probability of e / (e + 7), 28 %. Averages of
    probabilities, as in fusions, weigh clips accordingly.

    Args:
        logits: task -> (batch, classes).
        targets: task -> (batch,) class indices.
        training: has the loss, and task -> weight in the sum, 1 where absent.
    """
    of_task = LOSSES[training.loss]
    losses = [
        training.task_weights.get(task, 1.0) * of_task(values.float(), targets[task])
        for task, values in logits.items()
    ]
    return torch.stack(losses).sum()
