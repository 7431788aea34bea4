"""A few steps of training, for tests of what a network can learn."""

from collections.abc import Mapping

import torch
from torch import nn


def losses_while_learning(
    model: nn.Module, x: torch.Tensor, targets: Mapping[str, torch.Tensor], rate: float, steps: int
) -> list[float]:
    """The loss of every step of Adam on one batch, summed over the tasks of the targets."""
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        logits = model(x)
        loss = sum(nn.functional.cross_entropy(logits[task], targets[task]) for task in targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
