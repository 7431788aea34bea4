"""Logits of a trained network."""

import math
from collections.abc import Iterable, Sequence

import torch
from torch import nn

from retable.training.samples import Samples, Targets, mixed

ELEMENTS_AT_ONCE = 64 * 257 * 399
"""Numbers in a batch: without gradients, memory allows more than training's batches."""


def evaluate(model: nn.Module, samples: Samples, chosen: torch.Tensor) -> dict[str, torch.Tensor]:
    """Logits of the model in evaluation mode, for the tasks that the samples have targets for.

    Args:
        model: gives the logits of every task that it has.
        samples: the samples of one input.
        chosen: numbers of those to predict (n,).

    Returns:
        Task -> logits (n, classes), float32.
    """
    batches = (samples.unmixed(batch) for batch in chosen.split(_at_once(samples)))
    return _logits(model, batches, samples.tasks)


def evaluate_mixed(
    model: nn.Module,
    inputs: Sequence[Samples],
    chosen: torch.Tensor,
    partners: torch.Tensor,
    weight: float,
) -> tuple[dict[str, torch.Tensor], Targets]:
    """Logits of the model in evaluation mode for mixtures of two inputs, and their targets.

    Args:
        model: gives the logits of every task that it has.
        inputs: the two.
        chosen: numbers of samples of the first (n,).
        partners: numbers of samples of the second (n,).
        weight: share of the first.

    Returns:
        Task -> logits (n, classes), float32, and task -> targets (n,).
    """
    first, second = inputs
    at_once = _at_once(first)
    pairs = zip(chosen.split(at_once), partners.split(at_once), strict=True)
    batches = (mixed(first, own, second, others, weight)[0] for own, others in pairs)
    logits = _logits(model, batches, (*first.tasks, *second.tasks))
    return logits, first.targets(chosen) | second.targets(partners)


@torch.no_grad()
def _logits(
    model: nn.Module, batches: Iterable[torch.Tensor], tasks: Sequence[str]
) -> dict[str, torch.Tensor]:
    model.eval()
    found = [model(batch) for batch in batches]
    return {task: torch.cat([batch[task].float() for batch in found]) for task in tasks}


def _at_once(samples: Samples) -> int:
    return max(1, ELEMENTS_AT_ONCE // math.prod(samples.data.patch_shape))
