"""Networks of torchvision, from scratch or with weights that they have learnt on ImageNet.

cabcnn (section 4) trains AlexNet, VGG11 and ResNet18. densenet_ser (section III) compares AlexNet,
SqueezeNet and DenseNet, with weights from ImageNet and the last layer of each "remapped to 8
outputs".

- `alexnet`: that of Krizhevsky (One weird trick for parallelizing convolutional neural networks,
  2014), for one GPU: 64, 192, 384, 256, 256 filters and no response normalisation. Both papers cite
  the network of 2012, split over two GPUs, whose text torchvision does not follow.
- `vgg11`: configuration A of Simonyan and Zisserman (2014), without batch normalisation.
- `resnet18`: He et al. (2016).
- `squeezenet1_0`: version 1.0, that of the publication which densenet_ser cites (Iandola et al.,
  2016). Its last layer is a 1 x 1 convolution; a ReLU and the average over positions make logits of
  its maps, none of them negative.
- `densenet121`, `densenet161`: Huang et al. (2017). densenet_ser prints no size for its comparison
  of networks (Fig. 1), where we take 121, and takes 161 from Table I on.

Initial weights and dropout (.5 before or after the wide layers of AlexNet and VGG, and before
SqueezeNet's last) are those of torchvision. The last layer is one layer for the classes of all
tasks.

Images are taken as the feature has them. Those that ImageNet's weights were learnt on had its mean
and deviation of each colour taken out; densenet_ser says nothing of it, and its own images are
whitened, so that nothing is done here, with weights from ImageNet neither.
"""

from typing import Any

import torch
from torch import nn
from torchvision import models

from retable.errors import ConfigError
from retable.models.layers import GridAverage, image_shape
from retable.spec.model import TorchvisionNetwork as TorchvisionSpec

GRID_CELLS = {"alexnet": 6, "vgg11": 7}
"""Cells along each axis that the fully connected layers see.

`nn.AdaptiveAvgPool2d`, of which they are the cells in torchvision, has no deterministic gradient on
CUDA. The other networks pool to a single cell, which torch computes as a mean: its gradient is
deterministic, and they stay as they are.
"""


class TorchvisionNetwork(nn.Module):
    """A network for images with three channels.

    Weights are drawn from torch's global generator: seed it (`torch.manual_seed`) beforehand.

    Attributes:
        network: torchvision's own module, its last layer for the classes of all tasks.
        fresh_parameters: names of the last layer's parameters, as `network.state_dict()` has them;
            published weights are for all others, and for the statistics of batch normalisation.
    """

    def __init__(
        self, spec: TorchvisionSpec, input_shape: tuple[int, ...], classes: dict[str, int]
    ):
        """Build the layers.

        Args:
            spec: which network, and sizes that are not the original's.
            input_shape: channels, rows and frames of the image (cabcnn: 3 x 256 x 256 for AlexNet,
                3 x 224 x 224 for the others; densenet_ser: 3 x 128 x 256); parameters do not depend
                on rows and frames.
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
        self.fresh_parameters = _last_layer_parameters(self.network)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Images (batch, 3, rows, frames) to logits (batch, classes) of each task."""
        logits = self.network(x).split([*self.classes.values()], dim=1)
        return dict(zip(self.classes, logits, strict=True))

    def structure(self) -> dict[str, Any]:
        """Sizes read from the modules that were built, in their order.

        `filters` has an entry for each convolution, ResNet18's projections and SqueezeNet's last
        layer included.
        """
        modules = self.network.modules()
        return {
            "architecture": self.architecture,
            "filters": [module.out_channels for module in modules if isinstance(module, nn.Conv2d)],
            "tasks": len(self.classes),
        }


def _build(spec: TorchvisionSpec, outputs: int) -> nn.Module:
    if spec.dense is not None:
        growth, layers, stem = spec.dense.growth, spec.dense.layers, spec.dense.stem
        return models.DenseNet(growth, layers, stem, num_classes=outputs)
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


def _last_layer_parameters(network: nn.Module) -> tuple[str, ...]:
    """Names of the parameters of what gives the logits: the last layer in each of these modules."""
    *_, last = (
        name
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    )
    own = network.get_submodule(last).named_parameters()
    return tuple(f"{last}.{parameter}" for parameter, _ in own)


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
