"""VGG-style network with a branch a task, and its fusion for one task (mixup_mtl, section II).

The layers bear the paper's numbers, 1 to 16. Its Fig. 1 is an image without sizes; the order of the
layers is that of the CP-JKU nets for DCASE, which fit all that the text says (seven convolutions
and three poolings are shared, the inter-connection follows layer 14, the last two layers have P
units):

- shared: 1 convolution 5 x 5 of stride 2, 2 convolution 3 x 3, 3 max pooling; 4 and 5 convolution
  3 x 3, 6 max pooling; 7 to 9 convolution 3 x 3, 10 max pooling;
- of each branch: 11 convolution 3 x 3 without padding, 12 dropout, 13 convolution 1 x 1,
  14 dropout, 15 convolution 1 x 1 to P maps, 16 average over positions and the loss's softmax.
"""

from collections import OrderedDict
from itertools import count
from typing import Any, cast

import torch
from torch import nn

from retable.errors import ConfigError
from retable.models.layers import image_shape
from retable.spec.model import BranchedVGG


class Convolution(nn.Module):
    """Convolution, batch normalisation if asked for (it has the bias then), and ReLU."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        batch_norm: bool,
        padding: int = 0,
        stride: int = 1,
    ):
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=not batch_norm)
        self.normalisation = nn.BatchNorm2d(outputs) if batch_norm else None
        self.activation = nn.ReLU()
        initialise(self.convolution, "relu")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, inputs, b, t) to (batch, outputs, b', t'), never negative."""
        y = self.convolution(x)
        return self.activation(y if self.normalisation is None else self.normalisation(y))


class InterConnection(nn.Module):
    """share * own + (1 - share) * other: what layer 15 sees (equations 4 and 5)."""

    def __init__(self, share: float):
        super().__init__()
        self.share = share

    def forward(self, own: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """Outputs of layer 14 of both branches, of one shape, to a tensor of that shape."""
        return self.share * own + (1 - self.share) * other

    def extra_repr(self) -> str:
        """The share, for `print`."""
        return f"share={self.share}"


class Branch(nn.Module):
    """Layers 11 to 16 of a task; without layer 16 in the fused form (section II.D)."""

    def __init__(self, inputs: int, outputs: int, share: float | None, spec: BranchedVGG):
        super().__init__()
        self.convolution11 = Convolution(inputs, spec.head, 3, spec.batch_norm, padding=0)
        self.dropout12 = nn.Dropout(spec.dropout)
        self.convolution13 = Convolution(spec.head, spec.head, 1, spec.batch_norm)
        self.dropout14 = nn.Dropout(spec.dropout)
        self.interconnection = None if share is None else InterConnection(share)
        self.convolution15 = Convolution(spec.head, outputs, 1, batch_norm=False)
        assert self.convolution15.convolution.bias is not None
        nn.init.constant_(self.convolution15.convolution.bias, spec.output_bias)
        self.average16 = position_average() if spec.form == "branched" else None

    def representation(self, x: torch.Tensor) -> torch.Tensor:
        """Layers 11 to 14: (batch, inputs, b, t) to (batch, head, b - 2, t - 2)."""
        return self.dropout14(self.convolution13(self.dropout12(self.convolution11(x))))

    def maps(self, own: torch.Tensor, other: torch.Tensor | None) -> torch.Tensor:
        """Layer 15: representations (batch, head, b, t) to a map for each class, never negative.

        Args:
            own: representation of this branch.
            other: that of the other branch, if the branches are inter-connected.
        """
        mixed = own if self.interconnection is None else self.interconnection(own, other)
        return self.convolution15(mixed)

    def logits(self, maps: torch.Tensor) -> torch.Tensor:
        """Layer 16 without its softmax: (batch, classes, b, t) to (batch, classes)."""
        assert self.average16 is not None, "the fused form has no layer 16"
        return self.average16(maps)


class FullyConnected(nn.Module):
    """The layer that cross-task fusion adds on layer 15 of a branch; it yields H16 of equation 6.

    The paper does not say what of the maps it sees: every position (`flatten`), or their average
    over positions (`gap`).
    """

    def __init__(self, maps: int, positions: int, spec: BranchedVGG):
        super().__init__()
        flat = spec.fuse_input == "flatten"
        self.input = nn.Flatten() if flat else position_average()
        self.linear = nn.Linear(maps * positions if flat else maps, spec.fused_units)
        self.activation = nn.ReLU()
        initialise(self.linear, "relu")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, maps, b, t) to (batch, units), never negative."""
        return self.activation(self.linear(self.input(x)))

    def structure(self) -> dict[str, Any]:
        """Its input and its width, by the spec's names."""
        seen = "flatten" if isinstance(self.input, nn.Flatten) else "gap"
        return {"fuse_input": seen, "fused_units": self.linear.out_features}


class BranchedVGGNetwork(nn.Module):
    """The baseline with one task, the multi-task model with two, and their fusion (Figs. 1 to 4).

    Parameters are named `shared.*` and `branches.<task>.*`; those that cross-task fusion adds are
    `fused.<task>.*` and `output.*`, so that all others load from the multi-task model.
    Weights are drawn from torch's global generator: seed it (`torch.manual_seed`) beforehand.
    """

    def __init__(self, spec: BranchedVGG, input_shape: tuple[int, ...], sizes: dict[str, int]):
        """Build the layers.

        Args:
            spec: form, widths and inter-connection.
            input_shape: channels, mel bands and frames of a patch (paper: 1 x 128 x 128).
            sizes: task -> number of classes; one task in the fused form.

        Raises:
            ConfigError: the patch is no image or too small for the layers, `alpha` does not name
                the two branches, or the fused form has another number of tasks than one.
        """
        super().__init__()
        branches = spec.branches if spec.form == "fused" else sizes
        channels, bands, frames = image_shape(spec.kind, input_shape)
        _check(spec, bands, frames, sizes)
        self.input_shape = (bands, frames)
        self.classes = dict(sizes)
        self.shared = shared_layers(spec, channels)
        self.branches = nn.ModuleDict(
            {
                task: Branch(spec.widths[2], classes, spec.alpha.get(task), spec)
                for task, classes in branches.items()
            }
        )
        self.fused: nn.ModuleDict | None = None
        self.output: nn.Linear | None = None
        if spec.form == "fused":
            positions = map_length(bands) * map_length(frames)
            self.fused = nn.ModuleDict(
                {task: FullyConnected(maps, positions, spec) for task, maps in branches.items()}
            )
            (classes,) = sizes.values()
            self.output = nn.Linear(spec.fused_units, classes)
            initialise(self.output, "linear")

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Patches (batch, channels, bands, frames) to logits (batch, classes) of each task."""
        maps = self._maps(self.shared(x))
        if self.fused is None or self.output is None:
            return {task: branch.logits(maps[task]) for task, branch in self._branches().items()}
        (task,) = self.classes
        # Equation 6; its g is the softmax of the loss.
        return {task: self.output(sum(self.fused[branch](maps[branch]) for branch in maps))}

    def structure(self) -> dict[str, Any]:
        """The paper's parameters, read from the modules that were built.

        `input` is bands, frames and channels; `tasks` their number, `classes` the outputs of each;
        `branches` the maps of layer 15 (P of Fig. 1) and `alpha` the shares of equations 4 and 5 of
        each branch; `convolutions` and `pools` count shared layers; `widths` are the filters of
        layers 1, 4 and 7, `head` those of layer 13. Only the fused form has `fuse_input` and
        `fused_units`.
        """
        branches = self._branches()
        first = next(iter(branches.values()))
        shared = [*self.shared.modules()]
        convolutions = [module for module in shared if isinstance(module, nn.Conv2d)]
        facts = {
            "input": [*self.input_shape, convolutions[0].in_channels],
            "tasks": len(self.classes),
            "classes": self.classes,
            "branches": {
                task: branch.convolution15.convolution.out_channels
                for task, branch in branches.items()
            },
            "alpha": {
                task: branch.interconnection.share
                for task, branch in branches.items()
                if branch.interconnection is not None
            },
            "convolutions": len(convolutions),
            "pools": sum(isinstance(module, nn.MaxPool2d) for module in shared),
            "widths": [convolutions[layer].out_channels for layer in (0, 2, 4)],
            "head": first.convolution13.convolution.out_channels,
            "dropout": first.dropout12.p,
            "batch_norm": any(isinstance(module, nn.BatchNorm2d) for module in shared),
        }
        if self.fused is None:
            return {"form": "branched", **facts}
        added = cast("FullyConnected", next(iter(self.fused.values())))
        return {"form": "fused", **facts, **added.structure()}

    def _maps(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Outputs of layer 15 of each branch, from those of layer 10."""
        branches = self._branches()
        own = {task: branch.representation(x) for task, branch in branches.items()}
        other = dict(zip(own, reversed(own.values()), strict=True)) if len(own) == 2 else {}
        return {task: branch.maps(own[task], other.get(task)) for task, branch in branches.items()}

    def _branches(self) -> dict[str, Branch]:
        return cast("dict[str, Branch]", dict(self.branches.items()))


def shared_layers(spec: BranchedVGG, channels: int) -> nn.Sequential:
    """Layers 1 to 10: (batch, channels, b, t) to (batch, widths[2], b / 16, t / 16)."""
    first, second, third = spec.widths
    normalised = spec.batch_norm
    layers: dict[str, nn.Module] = {
        "convolution1": Convolution(channels, first, 5, normalised, padding=2, stride=2),
        "convolution2": Convolution(first, first, 3, normalised, padding=1),
        "pooling3": nn.MaxPool2d(2),
        "convolution4": Convolution(first, second, 3, normalised, padding=1),
        "convolution5": Convolution(second, second, 3, normalised, padding=1),
        "pooling6": nn.MaxPool2d(2),
        "convolution7": Convolution(second, third, 3, normalised, padding=1),
        "convolution8": Convolution(third, third, 3, normalised, padding=1),
        "convolution9": Convolution(third, third, 3, normalised, padding=1),
        "pooling10": nn.MaxPool2d(2),
    }
    return nn.Sequential(OrderedDict(layers))


def position_average() -> nn.Sequential:
    """(batch, maps, b, t) to (batch, maps): the average over all positions."""
    return nn.Sequential(OrderedDict(average=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten()))


def initialise(layer: nn.Conv2d | nn.Linear, nonlinearity: Any) -> None:
    """New weights after He et al. for what follows the layer, and biases of zero.

    So the CP-JKU nets begin. torch's default is smaller by a factor of 6 ** 0.5, which without
    batch normalisation would shrink activations and gradients from layer to layer.
    """
    nn.init.kaiming_normal_(layer.weight, mode="fan_in", nonlinearity=nonlinearity)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def map_length(length: int) -> int:
    """Bands or frames of the maps of layers 11 to 15, from those of a patch: 6 from 128."""
    halved = -(-length // 2)
    return halved // 2 // 2 // 2 - 2


def _check(spec: BranchedVGG, bands: int, frames: int, sizes: dict[str, int]) -> None:
    faults = spec.task_faults(sizes)
    if map_length(min(bands, frames)) < 1:
        least = next(length for length in count(1) if map_length(length) >= 1)
        faults.append(
            f"the feature's patches have {bands} bands and {frames} frames, which leaves nothing "
            f"for layer 11; give the feature at least {least} bands and {least} frames"
        )
    if faults:
        raise ConfigError("model branched_vgg", faults)
