"""VGGVox, whose layers all tasks share, and a linear head a task (vggvox_mtl, Table 1).

Layers bear the names of the table. Nagrani, Chung, Zisserman (VoxCeleb, Interspeech 2017) made the
network of VGG-M. Its fully connected layer over an image is a convolution here that sees all rows
and one frame (fc6), and an average over the frames (apool6), so that parameters do not depend on
how long a clip is. Batch normalisation and ReLU follow conv1 to conv5, fc6 and fc7, as in VGGVox.

The table's sizes after mpool1 cannot be had with one rounding: its 126 rows are rounded down and
its 99 frames up. Poolings round down here, as in VGGVox: mpool1 gives 126 x 98, conv2 62 x 48, and
mpool2 to conv5 30 x 23, where the table has 99, 49 and 24 frames. mpool5 gives 9 x 11 both ways.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import torch
from torch import nn

from retable.errors import ConfigError
from retable.models.describe import layer_table
from retable.models.layers import image_shape, linear
from retable.spec.model import VGGVox


class Window(NamedTuple):
    """What a convolution or max pooling sees of an image at once, as (rows, frames)."""

    size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: int = 0
    """Zeros at each edge."""

    def positions(self, length: int, axis: int) -> int:
        """Rows (axis 0) or frames (axis 1) that it makes of `length`."""
        return (length + 2 * self.padding - self.size[axis]) // self.stride[axis] + 1

    def least(self, positions: int, axis: int) -> int:
        """The fewest rows or frames of which it makes so many."""
        return (positions - 1) * self.stride[axis] + self.size[axis] - 2 * self.padding


WINDOWS = {
    "conv1": Window((7, 7), (2, 2), padding=1),
    "mpool1": Window((3, 3), (2, 2)),
    "conv2": Window((5, 5), (2, 2), padding=1),
    "mpool2": Window((3, 3), (2, 2)),
    "conv3": Window((3, 3), padding=1),
    "conv4": Window((3, 3), padding=1),
    "conv5": Window((3, 3), padding=1),
    "mpool5": Window((5, 3), (3, 2)),
}
"""Layers before fc6. Table 1 has no paddings; those of VGGVox give its sizes."""


class VGGVoxNetwork(nn.Module):
    """The network of Table 1.

    Parameters are named `shared.<layer>.*` and `heads.<task>.*`.
    Weights are drawn from torch's global generator: seed it (`torch.manual_seed`) beforehand.
    """

    def __init__(self, spec: VGGVox, input_shape: tuple[int, ...], classes: dict[str, int]):
        """Build the layers.

        Args:
            spec: widths, and whether there is batch normalisation.
            input_shape: channels, rows and frames of the image (paper: 1 x 512 x 400); any number
                of frames that is not too small can be given later on.
            classes: task -> number of classes; its order is that of fc8_1, fc8_2.

        Raises:
            ConfigError: the input is no image, or too small for the layers.
        """
        super().__init__()
        channels, rows, frames = image_shape(spec.kind, input_shape)
        _check(rows, frames)
        self.input_shape = (channels, rows, frames)
        self.shared = shared_layers(spec, channels, rows)
        self.heads = nn.ModuleDict(
            {task: linear(spec.hidden[1], count, "linear") for task, count in classes.items()}
        )

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Images (batch, channels, rows, frames) to logits (batch, classes) of each task."""
        shared = self.embedding(x)
        return {task: head(shared) for task, head in self.heads.items()}

    def embedding(self, x: torch.Tensor) -> torch.Tensor:
        """Images (batch, channels, rows, frames) to what fc7 gives (batch, neurons of fc7)."""
        return self.shared(x).flatten(1)

    def structure(self) -> dict[str, Any]:
        """Table 1, read from the modules that were built and from what they make of zeros.

        `layers` has a row a layer, by the table's names, with its columns `support`, `filt_dim`,
        `n_filt`, `stride` and `data_size`, which is that of the layer's output (poolings have no
        filters); sizes are text, rows before frames (`7x7`). `heads` is the name of each task's
        head there, `tasks` their number. The network is left as it was.
        """
        shapes = {
            row["layer"].split(".")[1]: row["output_shape"][1:]
            for row in layer_table(self, self.input_shape)
            if row["layer"].startswith("shared.")
        }
        layers: dict[str, dict[str, Any]] = {}
        seen = _printed(self.input_shape[1:])
        for name, layer in self.shared.named_children():
            layers[name] = {**_window_of(layer, seen), "data_size": _printed(shapes[name])}
            seen = layers[name]["data_size"]
        heads = {task: f"fc8_{number}" for number, task in enumerate(self.heads, start=1)}
        for task, name in heads.items():
            layers[name] = {**_window_of(self.heads[task], seen), "data_size": seen}
        return {"layers": layers, "heads": heads, "tasks": len(heads)}


def shared_layers(spec: VGGVox, channels: int, rows: int) -> nn.Sequential:
    """conv1 to fc7: (batch, channels, rows, frames) to (batch, neurons of fc7, 1, 1)."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    outputs = iter(spec.filters)
    inputs = channels
    for name, window in WINDOWS.items():
        if name.startswith("mpool"):
            layers[name] = nn.MaxPool2d(window.size, window.stride)
        else:
            filters = next(outputs)
            layers[name] = convolution(inputs, filters, window, spec.batch_norm)
            inputs = filters
        rows = window.positions(rows, axis=0)
    fc6, fc7 = spec.hidden
    layers["fc6"] = convolution(inputs, fc6, Window((rows, 1)), spec.batch_norm)
    # Of a single cell, torch computes this as a mean, whose gradient is deterministic on CUDA.
    layers["apool6"] = nn.AdaptiveAvgPool2d(1)
    layers["fc7"] = convolution(fc6, fc7, Window((1, 1)), spec.batch_norm)
    return nn.Sequential(layers)


def convolution(inputs: int, outputs: int, window: Window, batch_norm: bool) -> nn.Sequential:
    """Convolution, batch normalisation if asked for (it has the bias then), and ReLU.

    Weights are drawn after He et al.; biases are zero.
    """
    layer = nn.Conv2d(
        inputs, outputs, window.size, window.stride, window.padding, bias=not batch_norm
    )
    nn.init.kaiming_normal_(layer.weight, mode="fan_in", nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    modules: OrderedDict[str, nn.Module] = OrderedDict(convolution=layer)
    if batch_norm:
        modules["normalisation"] = nn.BatchNorm2d(outputs)
    modules["activation"] = nn.ReLU()
    return nn.Sequential(modules)


def _window_of(layer: nn.Module, seen: str) -> dict[str, Any]:
    """Support, filters and stride of a layer, of which `seen` is the size of the input."""
    facts: dict[str, Any] = {"support": seen, "stride": "1x1"}
    for module in layer.modules():
        if isinstance(module, nn.Conv2d | nn.MaxPool2d):
            facts["support"] = _printed(cast("tuple[int, int]", module.kernel_size))
            facts["stride"] = _printed(cast("tuple[int, int]", module.stride))
        if isinstance(module, nn.Conv2d):
            facts |= {"filt_dim": module.in_channels, "n_filt": module.out_channels}
        if isinstance(module, nn.Linear):
            facts |= {"filt_dim": module.in_features, "n_filt": module.out_features}
    return facts


def _printed(size: Sequence[int]) -> str:
    return "x".join(map(str, size))


def _check(rows: int, frames: int) -> None:
    least = [1, 1]
    for window in reversed(WINDOWS.values()):
        least = [window.least(positions, axis) for axis, positions in enumerate(least)]
    if rows < least[0] or frames < least[1]:
        raise ConfigError(
            "model vggvox",
            [
                f"the feature's images have {rows} rows and {frames} frames, of which nothing is "
                f"left for fc6; give the feature at least {least[0]} rows and {least[1]} frames"
            ],
        )
