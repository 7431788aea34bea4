"""Layers that several networks have, and what all networks of images ask of their input."""

from typing import Any

import torch
from torch import nn

from retable.errors import ConfigError


class GridAverage(nn.Module):
    """Averages over a grid of cells x cells, flattened.

    Cells are those of `nn.AdaptiveAvgPool2d`, whose gradient has no deterministic CUDA kernel.
    """

    def __init__(self, cells: int):
        super().__init__()
        self.cells = cells

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, channels, rows, frames) to (batch, channels * cells * cells)."""
        rows = [x[:, :, start:stop].mean(dim=2) for start, stop in self._bounds(x.shape[2])]
        strips = torch.stack(rows, dim=2)
        columns = [strips[..., start:stop].mean(dim=3) for start, stop in self._bounds(x.shape[3])]
        return torch.stack(columns, dim=3).flatten(1)

    def extra_repr(self) -> str:
        """The cells, for `print`."""
        return f"cells={self.cells}"

    def _bounds(self, length: int) -> list[tuple[int, int]]:
        """Start and stop of each cell, rounded outwards."""
        return [
            (cell * length // self.cells, -(-(cell + 1) * length // self.cells))
            for cell in range(self.cells)
        ]


def convolution(
    inputs: int, outputs: int, kernel: int, stride: int, nonlinearity: Any = "relu"
) -> nn.Conv2d:
    """Convolution that keeps the image's size at stride 1, without bias, weights after He et al.

    Normalisation follows it and has the bias.
    """
    layer = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode="fan_in", nonlinearity=nonlinearity)
    return layer


def linear(inputs: int, outputs: int, nonlinearity: Any) -> nn.Linear:
    """Fully connected layer, weights after He et al. for what follows it, biases zero."""
    layer = nn.Linear(inputs, outputs)
    nn.init.kaiming_normal_(layer.weight, mode="fan_in", nonlinearity=nonlinearity)
    nn.init.zeros_(layer.bias)
    return layer


def image_shape(model: str, input_shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Channels, rows and frames of the images that a network is built for.

    Raises:
        ConfigError: the input is no image.
    """
    if len(input_shape) != 3:
        raise ConfigError(
            f"model {model}",
            [
                f"the feature's samples have the shape {'x'.join(map(str, input_shape))}; expected "
                "channels, rows and frames: give it a feature that is an image"
            ],
        )
    channels, rows, frames = input_shape
    return channels, rows, frames
