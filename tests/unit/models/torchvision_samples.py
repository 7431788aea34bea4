"""Networks of torchvision as the papers train them, and small ones."""

import torch

from retable.models.torchvision_networks import TorchvisionNetwork
from retable.spec.model import TorchvisionNetwork as Spec

ACCENT = {"accent": 3}
BOTH = {"accent": 3, "speaker": 5}
EMOTION = {"emotion": 8}
PAPER_SIZE = {
    "alexnet": (3, 256, 256),
    "vgg11": (3, 224, 224),
    "resnet18": (3, 224, 224),
    "squeezenet1_0": (3, 128, 256),
    "densenet121": (3, 128, 256),
    "densenet161": (3, 128, 256),
}
"""Images of cabcnn (section 4), then of densenet_ser (section III), whose AlexNet sees its too."""
SMALL_SIZE = {
    "alexnet": (3, 63, 63),
    "vgg11": (3, 32, 32),
    "resnet18": (3, 32, 32),
    "squeezenet1_0": (3, 21, 21),
    "densenet121": (3, 29, 29),
    "densenet161": (3, 29, 29),
}
"""The smallest that they can see; ResNet18 sees smaller ones."""
FEW = {"growth": 4, "layers": [2, 1, 3, 1], "stem": 6}
"""A small DenseNet."""


def build(
    architecture: str,
    classes: dict[str, int] = ACCENT,
    shape: tuple[int, ...] | None = None,
    **sizes: object,
) -> TorchvisionNetwork:
    """A network with seeded weights; `sizes` are `hidden` or `dense` of its spec."""
    torch.manual_seed(0)
    spec = Spec.model_validate({"kind": "torchvision", "architecture": architecture, **sizes})
    return TorchvisionNetwork(spec, shape or PAPER_SIZE[architecture], classes)


def without_memory(*arguments: object, **named: object) -> TorchvisionNetwork:
    """The same, of sizes alone: half a gigabyte of weights takes seconds to draw."""
    with torch.device("meta"):
        return build(*arguments, **named)


def small(architecture: str, classes: dict[str, int] = BOTH) -> TorchvisionNetwork:
    """A narrow network for the smallest images."""
    narrow = {"alexnet": {"hidden": 16}, "vgg11": {"hidden": 16}}
    sizes = {"dense": FEW} if architecture.startswith("densenet") else narrow.get(architecture, {})
    return build(architecture, classes, SMALL_SIZE[architecture], **sizes)


def images(batch: int, *shape: int) -> torch.Tensor:
    """Seeded noise."""
    return torch.randn(batch, *shape, generator=torch.Generator().manual_seed(0))
