"""Logits of a trained network."""

import torch
from torch import nn

from retable.training.data import ClipData


@torch.no_grad()
def evaluate(
    model: nn.Module, data: ClipData, clips: torch.Tensor, batch_size: int
) -> dict[str, torch.Tensor]:
    """Task -> logits (clips, classes), float32, of the model in evaluation mode."""
    model.eval()
    batches = [model(data.features.index_select(0, batch)) for batch in clips.split(batch_size)]
    return {task: torch.cat([batch[task].float() for batch in batches]) for task in data.targets}
