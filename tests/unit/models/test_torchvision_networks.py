import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from retable.errors import ConfigError
from retable.models.describe import layer_table, parameter_count
from retable.models.torchvision_networks import TorchvisionNetwork
from retable.registry import MODELS, load
from retable.spec.model import TorchvisionNetwork as Spec

ACCENT = {"accent": 3}
BOTH = {"accent": 3, "speaker": 5}
PAPER_SIZE = {"alexnet": (3, 256, 256), "vgg11": (3, 224, 224), "resnet18": (3, 224, 224)}
SMALL_SIZE = {"alexnet": (3, 63, 63), "vgg11": (3, 32, 32), "resnet18": (3, 32, 32)}
every_architecture = pytest.mark.parametrize("architecture", PAPER_SIZE)


def build(
    architecture: str,
    hidden: int | None = None,
    classes: dict[str, int] = ACCENT,
    shape: tuple[int, ...] | None = None,
) -> TorchvisionNetwork:
    torch.manual_seed(0)
    spec = Spec(kind="torchvision", architecture=architecture, hidden=hidden)
    return TorchvisionNetwork(spec, shape or PAPER_SIZE[architecture], classes)


def images(batch: int, *shape: int) -> torch.Tensor:
    return torch.randn(batch, *shape, generator=torch.Generator().manual_seed(0))


def without_memory(*arguments: object, **named: object) -> TorchvisionNetwork:
    """The same, of sizes alone: half a gigabyte of weights takes seconds to draw."""
    with torch.device("meta"):
        return build(*arguments, **named)


def narrow(architecture: str) -> int | None:
    return None if architecture == "resnet18" else 16


@every_architecture
def test_one_training_step_at_paper_size_reaches_every_parameter(architecture):
    model = build(architecture).to(memory_format=torch.channels_last)
    logits = model(images(2, *PAPER_SIZE[architecture]))
    loss = nn.functional.cross_entropy(logits["accent"], torch.tensor([0, 2]))
    loss.backward()

    assert logits["accent"].shape == (2, 3)
    assert loss.isfinite()
    without = [name for name, value in model.named_parameters() if not value.grad.any()]
    assert without == []


def convolution(inputs: int, outputs: int, kernel: int) -> int:
    """Kernel and bias."""
    return inputs * outputs * kernel**2 + outputs


def normalised(inputs: int, outputs: int, kernel: int) -> int:
    """Kernel without bias, and scale and shift of the normalisation."""
    return inputs * outputs * kernel**2 + 2 * outputs


def basic_block(inputs: int, outputs: int) -> int:
    """Two 3 x 3 convolutions, and a 1 x 1 convolution where the width changes."""
    projection = 0 if inputs == outputs else normalised(inputs, outputs, 1)
    return normalised(inputs, outputs, 3) + normalised(outputs, outputs, 3) + projection


ALEXNET = (
    convolution(3, 64, 11) + convolution(64, 192, 5) + convolution(192, 384, 3)
    + convolution(384, 256, 3) + convolution(256, 256, 3)
)  # fmt: skip
VGG11 = (
    convolution(3, 64, 3) + convolution(64, 128, 3)
    + convolution(128, 256, 3) + convolution(256, 256, 3)
    + convolution(256, 512, 3) + 3 * convolution(512, 512, 3)
)  # fmt: skip
RESNET18 = (
    normalised(3, 64, 7)
    + 2 * basic_block(64, 64)
    + basic_block(64, 128) + basic_block(128, 128)
    + basic_block(128, 256) + basic_block(256, 256)
    + basic_block(256, 512) + basic_block(512, 512)
)  # fmt: skip


def fully_connected(*widths: int) -> int:
    return sum(inputs * outputs + outputs for inputs, outputs in pairwise(widths))


@pytest.mark.parametrize(
    ("architecture", "hidden", "expected"),
    [
        ("alexnet", None, ALEXNET + fully_connected(256 * 6 * 6, 4096, 4096, 3)),
        ("alexnet", 32, ALEXNET + fully_connected(256 * 6 * 6, 32, 32, 3)),
        ("vgg11", None, VGG11 + fully_connected(512 * 7 * 7, 4096, 4096, 3)),
        ("vgg11", 32, VGG11 + fully_connected(512 * 7 * 7, 32, 32, 3)),
        ("resnet18", None, RESNET18 + fully_connected(512, 3)),
    ],
)
def test_parameter_count_equals_a_sum_by_hand(architecture, hidden, expected):
    assert parameter_count(without_memory(architecture, hidden)) == expected


def test_sizes_along_alexnet_at_paper_size():
    """(256 + 2 * 2 - 11) // 4 + 1 = 63, and three poolings of 3 with stride 2: 31, 15, 7."""
    table = layer_table(build("alexnet", hidden=32), PAPER_SIZE["alexnet"])
    sizes = {row["layer"]: row["output_shape"] for row in table}
    assert sizes["network.features.0"] == [64, 63, 63]
    assert sizes["network.features.2"] == [64, 31, 31]
    assert sizes["network.features.5"] == [192, 15, 15]
    assert sizes["network.features.12"] == [256, 7, 7]
    assert sizes["network.avgpool"] == [256 * 6 * 6]


def test_sizes_along_vgg11_at_paper_size():
    table = layer_table(build("vgg11", hidden=32), PAPER_SIZE["vgg11"])
    sizes = {row["layer"]: row["output_shape"] for row in table}
    pools = [row["output_shape"] for row in table if row["type"] == "MaxPool2d"]
    assert pools == [[64, 112, 112], [128, 56, 56], [256, 28, 28], [512, 14, 14], [512, 7, 7]]
    assert sizes["network.avgpool"] == [512 * 7 * 7]


@pytest.mark.parametrize("architecture", ["alexnet", "vgg11"])
def test_the_grid_of_averages_replaces_a_pooling_without_a_deterministic_gradient(architecture):
    model = build(architecture, hidden=16).eval()
    x = images(2, *PAPER_SIZE[architecture])
    assert not [module for module in model.modules() if isinstance(module, nn.AdaptiveAvgPool2d)]
    with torch.no_grad():
        found = model(x)["accent"]
        model.network.avgpool = nn.AdaptiveAvgPool2d(6 if architecture == "alexnet" else 7)
        torch.testing.assert_close(found, model(x)["accent"], rtol=1e-4, atol=1e-6)


@every_architecture
def test_one_layer_gives_the_logits_of_all_tasks(architecture):
    model = build(architecture, narrow(architecture), BOTH, SMALL_SIZE[architecture]).eval()
    x = images(2, *SMALL_SIZE[architecture])
    with torch.no_grad():
        logits, all_at_once = model(x), model.network(x)
    assert [*logits] == ["accent", "speaker"]
    assert torch.equal(logits["accent"], all_at_once[:, :3])
    assert torch.equal(logits["speaker"], all_at_once[:, 3:])


@every_architecture
def test_the_smallest_images_can_be_trained_on(architecture):
    model = build(architecture, narrow(architecture), BOTH, SMALL_SIZE[architecture])
    logits = model(images(2, *SMALL_SIZE[architecture]))
    sum(value.square().sum() for value in logits.values()).backward()
    assert all(value.grad is not None for value in model.parameters())


@pytest.mark.parametrize(("architecture", "least"), [("alexnet", 63), ("vgg11", 32)])
def test_smaller_images_are_refused(architecture, least):
    expected = (
        f"have {least} rows and {least - 1} frames; {architecture} needs at least {least} rows "
        f"and {least} frames"
    )
    with pytest.raises(ConfigError, match=expected):
        build(architecture, 16, shape=(3, least, least - 1))


@every_architecture
def test_images_of_one_channel_are_refused(architecture):
    expected = f"{architecture} sees images with 3 channels, and the feature's have 1; .*rgb"
    with pytest.raises(ConfigError, match=expected):
        build(architecture, shape=(1, 256, 256))


def test_a_waveform_is_refused():
    with pytest.raises(ConfigError, match="expected channels, rows and frames"):
        build("resnet18", shape=(1, 20000))


def test_narrow_layers_of_alexnet_begin_with_the_default_of_torch():
    """Uniform within 1 / fan_in ** 0.5."""
    layers = [
        layer
        for layer in build("alexnet", 64).modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    ]
    for layer in layers[:-1]:
        bound = 1 / math.sqrt(layer.weight[0].numel())
        assert 0.98 * bound < layer.weight.abs().max() <= bound
        assert 0 < layer.bias.abs().max() <= bound


def test_narrow_layers_of_vgg_begin_as_torchvision_draws_its_own():
    """Convolutions with deviation (2 / fan_out) ** 0.5, linear layers with 0.01, biases zero."""
    layers = [
        layer for layer in build("vgg11", 64).modules() if isinstance(layer, nn.Conv2d | nn.Linear)
    ]
    for layer in layers[:-1]:
        convolution = isinstance(layer, nn.Conv2d)
        deviation = math.sqrt(2 / (layer.out_channels * 9)) if convolution else 0.01
        assert layer.weight.std().item() == pytest.approx(deviation, rel=0.05)
        assert not layer.bias.any()


@every_architecture
def test_equal_seeds_give_equal_weights(architecture):
    first, second = (build(architecture, narrow(architecture)).state_dict() for _ in range(2))
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_structure():
    assert without_memory("alexnet").structure() == {
        "architecture": "alexnet",
        "filters": [64, 192, 384, 256, 256],
        "tasks": 1,
    }
    assert build("vgg11", hidden=32, classes=BOTH).structure() == {
        "architecture": "vgg11",
        "filters": [64, 128, 256, 256, 512, 512, 512, 512],
        "tasks": 2,
    }
    assert len(build("resnet18").structure()["filters"]) == 17 + 3


def test_the_registry_holds_the_networks():
    assert load(MODELS, "torchvision") is TorchvisionNetwork
