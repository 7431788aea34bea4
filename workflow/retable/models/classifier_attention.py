"""CAB-CNN: many small classifiers on a waveform, weighted by attention (cabcnn, section 3).

Convolutions and poolings (Table 2) turn a waveform into p steps, batch normalisation follows the
last pooling, and the attention-based classifier block (Fig. 2) turns every step a_t into
probabilities c_t. Their unweighted average over steps is the prediction (Fig. 1).

The paper used Keras and names no initial weights and no parameters of its layers, so that they are
the defaults of Keras: Glorot uniform weights, zero biases, and batch normalisation with epsilon
1e-3 and momentum .99 (in torch's terms .01).
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar, cast

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from retable.errors import ConfigError
from retable.models.waveform_layers import PooledConvolution, cleared, inside
from retable.spec.model import ClassifierAttention

PROBABILITY_FLOOR = 1e-7
"""Added to a probability before its logarithm; Keras' cross entropy clips at the same."""

Output = TypeVar("Output")


@dataclass(frozen=True)
class Attention:
    """What the attention-based classifier block gives at every step."""

    weights: torch.Tensor
    """alpha_ti (..., classifiers); they sum to one at each step."""
    classes: dict[str, torch.Tensor]
    """Task -> probabilities c_t (..., classes)."""


class ParallelLinear(nn.Module):
    """A fully connected layer for each classifier, computed at once."""

    def __init__(self, classifiers: int, inputs: int, outputs: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(classifiers, inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(classifiers, outputs))
        for own in self.weight.detach():
            nn.init.xavier_uniform_(own)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(..., classifiers, inputs) to (..., classifiers, outputs).

        (..., 1, inputs) gives every classifier the same input.
        """
        return torch.einsum("...ki,kio->...ko", x, self.weight) + self.bias

    def extra_repr(self) -> str:
        """The sizes, for `print`."""
        return "classifiers={}, inputs={}, outputs={}".format(*self.weight.shape)


class AttentionBlock(nn.Module):
    """The attention-based classifier block (Fig. 2): c_t = sum over i of alpha_ti c_ti."""

    def __init__(self, inputs: int, spec: ClassifierAttention, classes: dict[str, int]):
        super().__init__()
        widths = (inputs, *spec.classifier_units)
        self.classifiers = nn.Sequential(
            *_hidden(ParallelLinear(spec.classifiers, *pair) for pair in pairwise(widths))
        )
        self.outputs = nn.ModuleDict(
            {
                task: ParallelLinear(spec.classifiers, widths[-1], count)
                for task, count in classes.items()
            }
        )
        widths = (inputs, *spec.attention_units)
        self.attention = nn.Sequential(
            *_hidden(_linear(*pair) for pair in pairwise(widths)),
            _linear(widths[-1], spec.classifiers),
        )

    def forward(self, steps: torch.Tensor) -> Attention:
        """Representations a_t (..., inputs) to alpha_t and c_t, both float32."""
        weights = self.attention(steps).softmax(dim=-1, dtype=torch.float32)
        hidden = self.classifiers(steps.unsqueeze(-2))
        classes = {}
        for task, output in self.outputs.items():
            probabilities = output(hidden).softmax(dim=-1, dtype=torch.float32)
            classes[task] = (weights.unsqueeze(-1) * probabilities).sum(dim=-2)
        return Attention(weights, classes)


class ClassifierAttentionNetwork(nn.Module):
    """CAB-CNN (Fig. 1, Table 2).

    `shortest_input` is the samples of one attention step, the product of the poolings' strides (100
    in Table 2). With `clips_at_once`, the convolutions and the block of so many clips are in memory
    at once, and are computed again for their gradients.

    Weights are drawn from torch's global generator: seed it (`torch.manual_seed`) beforehand.
    """

    def __init__(
        self, spec: ClassifierAttention, input_shape: tuple[int, ...], classes: dict[str, int]
    ):
        """Build the layers.

        Args:
            spec: layers, classifiers and attention unit.
            input_shape: 1 and the samples of the longest clip; parameters depend on the 1 only.
            classes: task -> number of classes.

        Raises:
            ConfigError: the input is no waveform.
        """
        super().__init__()
        _check(input_shape)
        self.shortest_input = math.prod(layer.stride for layer in spec.layers)
        self.clips_at_once, self.pooling = spec.clips_at_once, spec.pooling
        widths = (input_shape[0], *(layer.filters for layer in spec.layers))
        self.layers = nn.ModuleList(
            PooledConvolution(inputs, layer)
            for inputs, layer in zip(widths, spec.layers, strict=False)
        )
        self.normalisation = nn.BatchNorm1d(widths[-1], eps=1e-3, momentum=0.01)
        self.attention_block = AttentionBlock(widths[-1], spec, classes)

    def forward(
        self, x: torch.Tensor, lengths: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """Waveforms (batch, 1, samples) to logits (batch, classes) of each task.

        Logits are ln(p + 1e-7) of the pooled probabilities p. Their softmax is p divided by its
        sum, which is the mean over steps for either pooling, so that cross entropy on them is the
        negative log-likelihood of the mean.

        Args:
            x: the clips from their start; what lies past the end of one is not seen.
            lengths: samples of each clip (batch,), int64, on the device of x, each at least
                `shortest_input`. Of a clip its whole steps of `shortest_input` samples count and
                nothing else, so that its logits (but for batch normalisation in training) do not
                depend on the batch. All of x counts without.
        """
        counts: int | torch.Tensor
        if lengths is None:
            rows = self._representations(x)
            pooled = {task: c.sum(dim=1) for task, c in self._classes(rows, 1).items()}
            counts = rows.shape[1]
        else:
            steps = lengths // self.shortest_input
            # Here, and where steps are picked, the host waits for the device; in return no time is
            # spent past the longest clip, nor the block's past the end of any.
            longest = int(steps.max())
            features = self._features(x[..., : longest * self.shortest_input], steps)
            valid = inside(steps, longest)
            rows = self.normalisation(features.transpose(1, 2)[valid])
            classes = self._classes(rows, longest)
            pooled = {task: _by_clip(c, valid).sum(dim=1) for task, c in classes.items()}
            counts = steps.unsqueeze(1)
        if self.pooling == "mean":
            pooled = {task: total / counts for task, total in pooled.items()}
        return {task: (p + PROBABILITY_FLOOR).log() for task, p in pooled.items()}

    @torch.no_grad()
    def attention(self, x: torch.Tensor) -> Attention:
        """alpha_t and c_t of waveforms (batch, 1, samples) in evaluation mode.

        Returns:
            `weights` (batch, steps, classifiers) and, for each task, `classes` (batch, steps,
            classes), without gradients.
        """
        training = self.training
        self.eval()
        try:
            return self.attention_block(self._representations(x))
        finally:
            self.train(training)

    def structure(self) -> dict[str, Any]:
        """Table 2 and section 4, read from the modules that were built.

        `layers` has a row for each row with parameters in Table 2.
        """
        block, layers = self.attention_block, dict[str, dict[str, Any]]()
        for number, layer in enumerate(cast("Iterable[PooledConvolution]", self.layers), start=1):
            convolution, pooling = layer.convolution, layer.pooling
            layers[f"convolution{number}"] = {
                "filters": convolution.out_channels,
                "size": f"{convolution.kernel_size[0]}x1",
            }
            layers[f"pooling{number}"] = {
                "size": f"{pooling.kernel}x1",
                "stride": f"{pooling.stride}x1",
                "dropout": layer.dropout.p,
            }
        *attention, last = (unit for unit in block.attention if isinstance(unit, nn.Linear))
        classifiers = {"classifiers": last.out_features}
        return {
            "layers": {**layers, "attention_block": classifiers},
            **classifiers,
            "classifier_units": [
                unit.bias.shape[1] for unit in block.classifiers if isinstance(unit, ParallelLinear)
            ],
            "attention_units": [unit.out_features for unit in attention],
            "tasks": len(block.outputs),
        }

    def _representations(self, x: torch.Tensor) -> torch.Tensor:
        """a_t of clips that count whole: (batch, 1, samples) to (batch, steps, filters)."""
        return self.normalisation(self._features(x, None)).transpose(1, 2)

    def _features(self, x: torch.Tensor, steps: torch.Tensor | None) -> torch.Tensor:
        """All convolutions and poolings: (batch, 1, samples) to (batch, filters, steps)."""
        at_once = self.clips_at_once or len(x)
        clips = x.split(at_once)
        counts = [None] * len(clips) if steps is None else steps.split(at_once)
        parts = [self._run(self._convolved, *chunk) for chunk in zip(clips, counts, strict=True)]
        return torch.cat(parts)

    def _convolved(self, x: torch.Tensor, steps: torch.Tensor | None) -> torch.Tensor:
        lengths = None if steps is None else steps * self.shortest_input
        y = x if lengths is None else cleared(x, lengths)
        for layer in cast("Iterable[PooledConvolution]", self.layers):
            y = layer(y, lengths)
            lengths = None if lengths is None else lengths // layer.pooling.stride
        return y

    def _classes(self, rows: torch.Tensor, per_clip: int) -> dict[str, torch.Tensor]:
        """c_t of each task at all steps.

        Args:
            rows: representations a_t (n, ..., filters).
            per_clip: most of the n that a clip has.
        """
        at_once = (self.clips_at_once or len(rows)) * per_clip
        parts = [
            self._run(lambda steps: self.attention_block(steps).classes, chunk)
            for chunk in rows.split(at_once)
        ]
        return {task: torch.cat([part[task] for part in parts]) for task in parts[0]}

    def _run(self, function: Callable[..., Output], *inputs: torch.Tensor | None) -> Output:
        """Calls a function; where memory is to be saved, it runs once more for its gradient."""
        if self.clips_at_once is None or not torch.is_grad_enabled():
            return function(*inputs)
        return cast("Output", checkpoint(function, *inputs, use_reentrant=False))


def _hidden(layers: Iterable[nn.Module]) -> list[nn.Module]:
    """Each of the layers and a ReLU after it."""
    return [module for layer in layers for module in (layer, nn.ReLU(inplace=True))]


def _linear(inputs: int, outputs: int) -> nn.Linear:
    """Fully connected layer with Glorot uniform weights and zero biases, the defaults of Keras."""
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _by_clip(rows: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Rows (n, values) at the n valid steps: to (batch, steps, values), zero at the others."""
    placed = rows.new_zeros(*valid.shape, rows.shape[-1])
    placed[valid] = rows
    return placed


def _check(input_shape: tuple[int, ...]) -> None:
    if len(input_shape) != 2:
        raise ConfigError(
            "model classifier_attention",
            [
                f"the feature's samples have the shape {'x'.join(map(str, input_shape))}; expected "
                "one row of samples: give it a feature of the kind waveform"
            ],
        )
