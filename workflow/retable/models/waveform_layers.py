"""Convolution and pooling over time as Keras pads them (cabcnn, Table 2, `padding: same`)."""

from typing import cast

import torch
from torch import nn
from torch.nn import functional

from retable.spec.model import WaveformLayer


def same_padding(length: int, kernel: int, stride: int) -> tuple[int, int]:
    """Values before and after `length` of them, so that a layer gives ceil(length / stride).

    As TensorFlow defines `same`: an odd total has its larger half after, so that an even kernel of
    stride 1 is asymmetric (kernel 4: 1 and 2).
    """
    outputs = -(-length // stride)
    total = max((outputs - 1) * stride + kernel - length, 0)
    return total // 2, total - total // 2


class SameConvolution(nn.Conv1d):
    """Convolution of stride 1 over time that keeps the length; zeros stand beyond the ends.

    Weights are Glorot uniform and biases zero, the defaults of Keras.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int):
        super().__init__(inputs, outputs, kernel)
        nn.init.xavier_uniform_(self.weight)
        nn.init.zeros_(cast("torch.Tensor", self.bias))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, inputs, n) to (batch, outputs, n)."""
        padding = same_padding(x.shape[-1], self.kernel_size[0], stride=1)
        return super().forward(functional.pad(x, padding))


class SameMaxPool(nn.Module):
    """Max pooling over time with ceil(n / stride) outputs; nothing beyond the ends ever wins."""

    def __init__(self, kernel: int, stride: int):
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, channels, n) to (batch, channels, ceil(n / stride))."""
        padding = same_padding(x.shape[-1], self.kernel, self.stride)
        padded = functional.pad(x, padding, value=float("-inf"))
        return functional.max_pool1d(padded, self.kernel, self.stride)

    def extra_repr(self) -> str:
        """The sizes, for `print`."""
        return f"kernel={self.kernel}, stride={self.stride}"


class PooledConvolution(nn.Module):
    """Convolution, ReLU, max pooling, dropout: two rows of Table 2."""

    def __init__(self, inputs: int, spec: WaveformLayer):
        super().__init__()
        self.convolution = SameConvolution(inputs, spec.filters, spec.kernel)
        self.activation = nn.ReLU(inplace=True)
        self.pooling = SameMaxPool(spec.pool, spec.stride)
        self.dropout = nn.Dropout(spec.dropout)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """(batch, inputs, n) to (batch, filters, ceil(n / stride)), never negative.

        Args:
            x: zero past the end of each clip.
            lengths: values of each clip (batch,), multiples of the stride as n is; all n without.
                Outputs of a clip are those of the clip alone, and zero past its end.
        """
        y = self.convolution(x)
        if lengths is None:
            return self.dropout(self.pooling(self.activation(y)))
        # A zero in a window changes no maximum, for what comes out of the ReLU is not negative.
        y = self.pooling(self.activation(cleared(y, lengths)))
        return self.dropout(cleared(y, lengths // self.pooling.stride))


def inside(lengths: torch.Tensor, length: int) -> torch.Tensor:
    """Which of `length` positions are within each clip: (batch,) to (batch, length), bool."""
    return torch.arange(length, device=lengths.device) < lengths.unsqueeze(1)


def cleared(x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Zeros past the end of each clip of (batch, channels, n)."""
    return x.masked_fill(~inside(lengths, x.shape[-1]).unsqueeze(1), 0)
