"""Parameters and shapes of torchvision's networks, by hand."""

from itertools import pairwise

import pytest
from torchvision_samples import BOTH, EMOTION, FEW, PAPER_SIZE, build, without_memory

from retable.models.describe import layer_table, parameter_count

IMAGENET = {"imagenet": 1000}


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


def fire(inputs: int, squeezed: int, expanded: int) -> int:
    """A 1 x 1 convolution, and 1 x 1 and 3 x 3 convolutions beside each other on what it gives."""
    squeeze = convolution(inputs, squeezed, 1)
    return squeeze + convolution(squeezed, expanded, 1) + convolution(squeezed, expanded, 3)


def densenet(growth: int, layers: tuple[int, ...], stem: int) -> tuple[int, int]:
    """Parameters up to the last layer, and its inputs.

    A layer normalises what it sees, a 1 x 1 convolution makes 4 * growth maps of it, and a 3 x 3
    convolution growth maps of these, normalised; the next layer sees them beside all before. A
    transition normalises and halves the maps. A last normalisation precedes the last layer.
    """
    count, width = normalised(3, stem, 7), stem
    for block, number in enumerate(layers):
        for _ in range(number):
            count += 2 * width + width * 4 * growth + 2 * 4 * growth + 4 * growth * growth * 9
            width += growth
        if block < 3:
            count += 2 * width + width * (width // 2)
            width //= 2
    return count + 2 * width, width


def fully_connected(*widths: int) -> int:
    return sum(inputs * outputs + outputs for inputs, outputs in pairwise(widths))


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
SQUEEZENET = (
    convolution(3, 96, 7)
    + fire(96, 16, 64) + fire(128, 16, 64) + fire(128, 32, 128)
    + fire(256, 32, 128) + fire(256, 48, 192) + fire(384, 48, 192) + fire(384, 64, 256)
    + fire(512, 64, 256)
)  # fmt: skip
DENSENET121, WIDTH121 = densenet(32, (6, 12, 24, 16), 64)
DENSENET161, WIDTH161 = densenet(48, (6, 12, 36, 24), 96)
FEW_MAPS, FEW_WIDTH = densenet(4, (2, 1, 3, 1), 6)


@pytest.mark.parametrize(
    ("architecture", "sizes", "expected"),
    [
        ("alexnet", {}, ALEXNET + fully_connected(256 * 6 * 6, 4096, 4096, 8)),
        ("alexnet", {"hidden": 32}, ALEXNET + fully_connected(256 * 6 * 6, 32, 32, 8)),
        ("vgg11", {}, VGG11 + fully_connected(512 * 7 * 7, 4096, 4096, 8)),
        ("vgg11", {"hidden": 32}, VGG11 + fully_connected(512 * 7 * 7, 32, 32, 8)),
        ("resnet18", {}, RESNET18 + fully_connected(512, 8)),
        ("squeezenet1_0", {}, SQUEEZENET + convolution(512, 8, 1)),
        ("densenet121", {}, DENSENET121 + fully_connected(WIDTH121, 8)),
        ("densenet161", {}, DENSENET161 + fully_connected(WIDTH161, 8)),
        ("densenet121", {"dense": FEW}, FEW_MAPS + fully_connected(FEW_WIDTH, 8)),
        ("densenet161", {"dense": FEW}, FEW_MAPS + fully_connected(FEW_WIDTH, 8)),
    ],
)
def test_parameter_count_equals_a_sum_by_hand(architecture, sizes, expected):
    assert parameter_count(without_memory(architecture, EMOTION, **sizes)) == expected
    tasks_share_the_last_layer = without_memory(architecture, BOTH, **sizes)
    assert parameter_count(tasks_share_the_last_layer) == expected


@pytest.mark.parametrize(
    ("architecture", "published"),
    [
        ("alexnet", 61_100_840),
        ("squeezenet1_0", 1_248_424),
        ("densenet121", 7_978_856),
        ("densenet161", 28_681_000),
    ],
)
def test_with_the_classes_of_imagenet_the_count_is_the_published_one(architecture, published):
    """As torchvision documents its weights."""
    assert parameter_count(without_memory(architecture, IMAGENET)) == published


def test_densenets_with_eight_classes():
    """7,978,856 less 1,024 * 1,000 + 1,000 is 6,953,856; 28,681,000 less 2,209,000 26,472,000."""
    assert DENSENET121 == 6_953_856
    assert DENSENET161 == 26_472_000
    eight_of_121 = without_memory("densenet121", EMOTION)
    assert parameter_count(eight_of_121) == 6_953_856 + 1_024 * 8 + 8
    eight_of_161 = without_memory("densenet161", EMOTION)
    assert parameter_count(eight_of_161) == 26_472_000 + 2_208 * 8 + 8


def sizes_along(*arguments: object, **named: object) -> dict[str, list[int]]:
    """Layer -> shape of its output, for the images that it was built for."""
    model = build(*arguments, **named)
    shape = named.get("shape") or PAPER_SIZE[model.architecture]
    return {row["layer"]: row["output_shape"] for row in layer_table(model, shape)}


def test_sizes_along_alexnet_at_the_size_of_cabcnn():
    """(256 + 2 * 2 - 11) // 4 + 1 = 63, and three poolings of 3 with stride 2: 31, 15, 7."""
    sizes = sizes_along("alexnet", hidden=32)
    assert sizes["network.features.0"] == [64, 63, 63]
    assert sizes["network.features.2"] == [64, 31, 31]
    assert sizes["network.features.5"] == [192, 15, 15]
    assert sizes["network.features.12"] == [256, 7, 7]
    assert sizes["network.avgpool"] == [256 * 6 * 6]


def test_sizes_along_alexnet_at_the_size_of_densenet_ser():
    """128 rows: (128 + 2 * 2 - 11) // 4 + 1 = 31, then 15, 7, 3."""
    sizes = sizes_along("alexnet", EMOTION, shape=(3, 128, 256), hidden=32)
    assert sizes["network.features.0"] == [64, 31, 63]
    assert sizes["network.features.12"] == [256, 3, 7]
    assert sizes["network.avgpool"] == [256 * 6 * 6]
    assert sizes["network.classifier.6"] == [8]


def test_sizes_along_vgg11_at_the_size_of_cabcnn():
    model = build("vgg11", hidden=32)
    table = layer_table(model, PAPER_SIZE["vgg11"])
    pools = [row["output_shape"] for row in table if row["type"] == "MaxPool2d"]
    assert pools == [[64, 112, 112], [128, 56, 56], [256, 28, 28], [512, 14, 14], [512, 7, 7]]
    sizes = {row["layer"]: row["output_shape"] for row in table}
    assert sizes["network.avgpool"] == [512 * 7 * 7]


def test_sizes_along_squeezenet_at_the_size_of_densenet_ser():
    """(128 - 7) // 2 + 1 = 61 rows and 125 columns; pooling of 3 with stride 2, rounded up."""
    sizes = sizes_along("squeezenet1_0", EMOTION)
    assert sizes["network.features.0"] == [96, 61, 125]
    assert sizes["network.features.2"] == [96, 30, 62]
    assert sizes["network.features.6"] == [256, 15, 31]
    assert sizes["network.features.11"] == [512, 7, 15]
    assert sizes["network.classifier.1"] == [8, 7, 15]
    assert sizes["network.classifier.3"] == [8, 1, 1]


def test_sizes_along_densenet161_at_the_size_of_densenet_ser():
    """Halved by the stem, its pooling and three transitions: 128 x 256 to 4 x 8."""
    sizes = sizes_along("densenet161", EMOTION)
    assert sizes["network.features.conv0"] == [96, 64, 128]
    assert sizes["network.features.pool0"] == [96, 32, 64]
    assert sizes["network.features.denseblock1.denselayer1.conv1"] == [192, 32, 64]
    assert sizes["network.features.denseblock1.denselayer6.conv2"] == [48, 32, 64]
    assert sizes["network.features.transition1.pool"] == [(96 + 6 * 48) // 2, 16, 32]
    assert sizes["network.features.transition2.pool"] == [(192 + 12 * 48) // 2, 8, 16]
    assert sizes["network.features.transition3.pool"] == [(384 + 36 * 48) // 2, 4, 8]
    assert sizes["network.features.norm5"] == [1056 + 24 * 48, 4, 8]
    assert sizes["network.classifier"] == [8]


@pytest.mark.parametrize("architecture", ["squeezenet1_0", "densenet121", "densenet161"])
def test_the_layers_that_ran_hold_all_parameters(architecture):
    model = build(architecture, EMOTION)
    table = layer_table(model, PAPER_SIZE[architecture])
    assert sum(row["parameters"] for row in table) == parameter_count(model)
