"""Networks of torchvision, trained from scratch (cabcnn, section 4).

- `alexnet`: that of Krizhevsky (One weird trick for parallelizing convolutional neural networks,
  2014), for one GPU: 64, 192, 384, 256, 256 filters and no response normalisation. The paper cites
  the network of 2012, split over two GPUs, whose text torchvision does not follow.
- `vgg11`: configuration A of Simonyan and Zisserman (2014), without batch normalisation.
- `resnet18`: He et al. (2016).

Initial weights and dropout (.5 before or after the wide layers of AlexNet and VGG) are those of
torchvision. The last layer is one linear layer for the classes of all tasks.
"""

from typing import Any

import torch
from torch import nn
from torchvision import models

from retable.errors import ConfigError
from retable.models.layers import GridAverage, image_shape
from retable.spec.model import TorchvisionNetwork as TorchvisionSpec

GRID_CELLS = {"alexnet": 6, "vgg11": 7}
"""Cells along each axis that the fully connected layers see."""


class TorchvisionNetwork(nn.Module):
    """AlexNet, VGG11 or ResNet18 for images with three channels.

    Weights are drawn from torch's global generator: seed it (`torch.manual_seed`) beforehand.
    """

    def __init__(
        self, spec: TorchvisionSpec, input_shape: tuple[int, ...], classes: dict[str, int]
    ):
        """Build the layers.

        Args:
            spec: which network, and the width of its fully connected layers.
            input_shape: channels, rows and frames of the image (cabcnn: 3 x 256 x 256 for AlexNet,
                3 x 224 x 224 for the others); parameters do not depend on rows and frames.
            classes: task -> number of classes.

        Raises:
            ConfigError: the input is no image with three channels, or too small for the network.
        """
        super().__init__()
        _check(spec, input_shape)
        self.architecture, self.classes = spec.architecture, dict(classes)
        self.network = _build(spec, sum(classes.values()))
        if spec.architecture in GRID_CELLS:
            self.network.avgpool = GridAverage(GRID_CELLS[spec.architecture])

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Images (batch, 3, rows, frames) to logits (batch, classes) of each task."""
        logits = self.network(x).split([*self.classes.values()], dim=1)
        return dict(zip(self.classes, logits, strict=True))

    def structure(self) -> dict[str, Any]:
        """Sizes read from the modules that were built, in their order.

        `filters` has an entry for each convolution, ResNet18's projections included.
        """
        modules = self.network.modules()
        return {
            "architecture": self.architecture,
            "filters": [module.out_channels for module in modules if isinstance(module, nn.Conv2d)],
            "tasks": len(self.classes),
        }


def _build(spec: TorchvisionSpec, outputs: int) -> nn.Module:
    if spec.hidden is None:
        return models.get_model(spec.architecture, weights=None, num_classes=outputs)
    # The original's wide layers take seconds to draw and half a gigabyte: they stay without memory.
    with torch.device("meta"):
        network = models.get_model(spec.architecture, weights=None, num_classes=outputs)
        _narrow(network.classifier, spec.hidden)
    network.to_empty(device="cpu")
    for module in network.modules():
        _initialise(module, spec.architecture)
    return network


def _narrow(classifier: nn.Sequential, hidden: int) -> None:
    """Gives the two fully connected layers before the last another width."""
    (first, wide), (second, _), (last, output) = (
        (index, layer) for index, layer in enumerate(classifier) if isinstance(layer, nn.Linear)
    )
    classifier[first] = nn.Linear(wide.in_features, hidden)
    classifier[second] = nn.Linear(hidden, hidden)
    classifier[last] = nn.Linear(hidden, output.out_features)


def _initialise(module: nn.Module, architecture: str) -> None:
    """New weights as torchvision draws them: AlexNet's by torch's default, VGG's its own."""
    if not isinstance(module, nn.Conv2d | nn.Linear):
        return
    if architecture == "alexnet":
        module.reset_parameters()
        return
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    else:
        nn.init.normal_(module.weight, std=0.01)
    if module.bias is not None:
        nn.init.zeros_(module.bias)


def _check(spec: TorchvisionSpec, input_shape: tuple[int, ...]) -> None:
    channels, rows, frames = image_shape(spec.kind, input_shape)
    least_rows, least_frames = models.get_model_weights(spec.architecture).DEFAULT.meta["min_size"]
    faults = []
    if channels != 3:
        faults.append(
            f"{spec.architecture} sees images with 3 channels, and the feature's have {channels}; "
            "give it the feature in colour (`colours: rgb`)"
        )
    if rows < least_rows or frames < least_frames:
        faults.append(
            f"the feature's images have {rows} rows and {frames} frames; {spec.architecture} needs "
            f"at least {least_rows} rows and {least_frames} frames"
        )
    if faults:
        raise ConfigError("model torchvision", faults)
