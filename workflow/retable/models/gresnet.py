"""Gated residual networks and their comparators (gresnets, sections 4 and 5.3, Fig. 10).

Stem (convolution, pooling), `depth` blocks, pooling, one fully connected layer shared by the tasks,
and a linear classifier a task; the softmax is the loss's. Where the paper leaves a size open, the
spec states it. A block whose width changes has stride 2; the first is compared with the stem.
"""

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import nn

from retable.errors import ConfigError
from retable.models.layers import GridAverage, convolution, image_shape, linear
from retable.spec.model import GatedResNet, Stem

GRID_CELLS = 4
"""Cells along each axis that `pooling: grid` averages over."""


class FourSigmoidMinusTwo(nn.Module):
    """4 * sigmoid(x) - 2: the sigmoid stretched to the range (-2, 2)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Element-wise, any shape."""
        return 4 * torch.sigmoid(x) - 2


ACTIVATIONS: dict[str, type[nn.Module]] = {
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "relu": nn.ReLU,
    "4sigmoid-2": FourSigmoidMinusTwo,
}


class GatedBlock(nn.Module):
    """F1(x) * F2(x) + Mx (equations 7 and 8), F being convolution, normalisation, activation.

    The two branches see the same input (Fig. 5); both have the block's stride.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, spec: GatedResNet):
        super().__init__()
        self.convolution1 = convolution(inputs, outputs, spec.kernel1, stride)
        self.normalisation1 = nn.BatchNorm2d(outputs)
        self.activation1 = ACTIVATIONS[spec.f1]()
        self.convolution2 = convolution(inputs, outputs, spec.kernel2, stride)
        self.normalisation2 = nn.BatchNorm2d(outputs)
        self.activation2 = ACTIVATIONS[spec.f2]()
        self.shortcut = projection(inputs, outputs, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, inputs, rows, frames) to (batch, outputs, rows / stride, frames / stride)."""
        first = self.activation1(self.normalisation1(self.convolution1(x)))
        gate = self.activation2(self.normalisation2(self.convolution2(x)))
        return first * gate + self.shortcut(x)


class SerialBlock(nn.Module):
    """f2(F(x) + Mx) with two convolutions in F (equation 6, Fig. 3), or without + Mx (plain CNN).

    The second convolution has the stride, so that no position goes unseen when the first is 1 x 1;
    in the gated block its parallel 3 x 3 branch sees to that.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, spec: GatedResNet):
        super().__init__()
        self.convolution1 = convolution(inputs, outputs, spec.kernel1, stride=1)
        self.normalisation1 = nn.BatchNorm2d(outputs)
        self.activation1 = ACTIVATIONS[spec.f1]()
        self.convolution2 = convolution(outputs, outputs, spec.kernel2, stride)
        self.normalisation2 = nn.BatchNorm2d(outputs)
        residual = spec.block == "residual"
        self.shortcut = projection(inputs, outputs, stride) if residual else None
        self.activation2 = ACTIVATIONS[spec.f2]()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, inputs, rows, frames) to (batch, outputs, rows / stride, frames / stride)."""
        y = self.activation1(self.normalisation1(self.convolution1(x)))
        y = self.normalisation2(self.convolution2(y))
        if self.shortcut is not None:
            y = y + self.shortcut(x)
        return self.activation2(y)


class GatedResidualNetwork(nn.Module):
    """The paper's multi-task model (Fig. 6), with gated, residual or plain blocks.

    Weights are drawn from torch's global generator: seed it (`torch.manual_seed`) beforehand.
    """

    def __init__(self, spec: GatedResNet, input_shape: tuple[int, ...], classes: dict[str, int]):
        """Build the layers.

        Args:
            spec: sizes and activations.
            input_shape: channels, rows and frames of the image; the pooling before the fully
                connected layer makes the parameters independent of rows and frames.
            classes: task -> number of classes.

        Raises:
            ConfigError: a kernel is even, so that a convolution cannot keep the image's size, or
                the input is no image.
        """
        super().__init__()
        _check_kernels(spec)
        channels, _, _ = image_shape(spec.kind, input_shape)
        self.stem = stem(spec.stem, channels)
        widths = block_widths(spec.filters, spec.depth)
        block = GatedBlock if spec.block == "gated" else SerialBlock
        self.blocks = nn.Sequential(
            *(
                block(inputs, outputs, 1 if inputs == outputs else 2, spec)
                for inputs, outputs in zip((spec.stem.filters, *widths), widths, strict=False)
            )
        )
        cells = GRID_CELLS if spec.pooling == "grid" else 1
        self.pooling = GridAverage(cells)
        self.hidden = nn.Sequential(
            linear(widths[-1] * cells * cells, spec.hidden, "relu"), nn.ReLU()
        )
        self.dropout = nn.Dropout(spec.dropout)
        self.heads = nn.ModuleDict(
            {task: linear(spec.hidden, count, "linear") for task, count in classes.items()}
        )

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Images (batch, channels, rows, frames) to logits (batch, classes) of each task."""
        shared = self.dropout(self.hidden(self.pooling(self.blocks(self.stem(x)))))
        return {task: head(shared) for task, head in self.heads.items()}

    def structure(self) -> dict[str, Any]:
        """The paper's parameters (Fig. 10), read from the modules that were built.

        `blocks` is l; `filters` holds a width and `kernels` two kernel sizes for each block; `f1`
        and `f2` are names of activations; `tasks` is t.
        """
        names = {module: name for name, module in ACTIVATIONS.items()}
        blocks = cast("list[GatedBlock | SerialBlock]", [*self.blocks])
        return {
            "blocks": len(blocks),
            "filters": [block.convolution2.out_channels for block in blocks],
            "kernels": [
                [block.convolution1.kernel_size[0], block.convolution2.kernel_size[0]]
                for block in blocks
            ],
            "f1": names[type(blocks[0].activation1)],
            "f2": names[type(blocks[0].activation2)],
            "tasks": len(self.heads),
        }


def block_widths(filters: Sequence[int], depth: int) -> tuple[int, ...]:
    """Output channels of each of `depth` blocks: `filters` cut, or its last entry repeated."""
    return tuple(filters[min(block, len(filters) - 1)] for block in range(depth))


def stem(spec: Stem, channels: int) -> nn.Sequential:
    """Convolution, normalisation, ReLU and, unless `pool` is 0, max pooling of stride 2."""
    layers: list[nn.Module] = [
        convolution(channels, spec.filters, spec.kernel, spec.stride),
        nn.BatchNorm2d(spec.filters),
        nn.ReLU(),
    ]
    if spec.pool:
        layers.append(nn.MaxPool2d(spec.pool, stride=2, padding=spec.pool // 2))
    return nn.Sequential(*layers)


def projection(inputs: int, outputs: int, stride: int) -> nn.Module:
    """M of equations 6 and 8: the identity, or a 1 x 1 convolution when shapes differ."""
    if inputs == outputs and stride == 1:
        return nn.Identity()
    return convolution(inputs, outputs, 1, stride, nonlinearity="linear")


def _check_kernels(spec: GatedResNet) -> None:
    sizes = {"kernel1": spec.kernel1, "kernel2": spec.kernel2, "stem.kernel": spec.stem.kernel}
    faults = [
        f"{name} is {size}; expected an odd number" for name, size in sizes.items() if size % 2 == 0
    ]
    if faults:
        raise ConfigError("model gresnet", faults)
