"""Networks that remember what they are trained on."""

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


class StepClassifier(nn.Module):
    """A linear classifier on the mean of a waveform's whole steps of four samples.

    It keeps what it is called with: waveforms and, where it is told them, their lengths.
    """

    shortest_input = 4

    def __init__(self, classes: dict[str, int]):
        super().__init__()
        self.heads = nn.ModuleDict({task: nn.Linear(4, n) for task, n in classes.items()})
        self.calls: list[tuple[torch.Tensor, torch.Tensor | None]] = []

    def forward(
        self, x: torch.Tensor, lengths: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        self.calls.append((x.detach(), lengths))
        whole = x.shape[-1] // 4
        steps = x[:, 0, : 4 * whole].unflatten(1, (whole, 4))
        counts = torch.full((len(x),), whole) if lengths is None else lengths // 4
        inside = torch.arange(whole) < counts.unsqueeze(1)
        mean = (steps * inside.unsqueeze(2)).sum(1) / counts.unsqueeze(1)
        return {task: head(mean) for task, head in self.heads.items()}
