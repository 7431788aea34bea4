"""A network that remembers what it is trained on."""

import torch
from torch import nn


class Classifier(nn.Module):
    """A linear classifier for each task that keeps the batches it is trained on."""

    def __init__(self, classes: dict[str, int], features: int = 6):
        super().__init__()
        self.heads = nn.ModuleDict({task: nn.Linear(features, n) for task, n in classes.items()})
        self.batches: list[torch.Tensor] = []

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        if self.training:
            self.batches.append(x.detach())
        return {task: head(x.flatten(1)) for task, head in self.heads.items()}
