"""Logits of a trained network."""

import torch
from torch import nn

from retable.training.data import ClipData

CLIPS_AT_ONCE = 64
"""Without gradients, memory allows more than training's batches, and each batch has its price."""


@torch.no_grad()
def evaluate(model: nn.Module, data: ClipData, clips: torch.Tensor) -> dict[str, torch.Tensor]:
    """Task -> logits (clips, classes), float32, of the model in evaluation mode."""
    model.eval()
    batches = [model(data.features.index_select(0, batch)) for batch in clips.split(CLIPS_AT_ONCE)]
    return {task: torch.cat([batch[task].float() for batch in batches]) for task in data.targets}
