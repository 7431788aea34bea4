"""Logits of a trained network."""

import math

import torch
from torch import nn

from retable.training.samples import Samples

ELEMENTS_AT_ONCE = 64 * 257 * 399
"""Numbers in a batch: without gradients, memory allows more than training's batches."""


@torch.no_grad()
def evaluate(model: nn.Module, samples: Samples, chosen: torch.Tensor) -> dict[str, torch.Tensor]:
    """Logits of the model in evaluation mode, for the tasks that the samples have targets for.

    Args:
        model: gives the logits of every task that it has.
        samples: the samples of one input.
        chosen: numbers of those to predict (n,).

    Returns:
        Task -> logits (n, classes), float32.
    """
    model.eval()
    at_once = max(1, ELEMENTS_AT_ONCE // math.prod(samples.data.patch_shape))
    batches = [model(samples.unmixed(batch)) for batch in chosen.split(at_once)]
    return {task: torch.cat([batch[task].float() for batch in batches]) for task in samples.tasks}
