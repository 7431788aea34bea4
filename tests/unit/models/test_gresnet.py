import numpy as np
import pytest
import torch
from learning import losses_while_learning
from torch import nn

from retable.errors import ConfigError
from retable.models.describe import layer_table, parameter_count
from retable.models.gresnet import GatedResidualNetwork
from retable.spec.model import GatedResNet, Stem

EMOTION = {"emotion": 8}
BOTH = {"emotion": 8, "vocal_channel": 2}
PAPER = GatedResNet(
    kind="gresnet",
    block="gated",
    f1="tanh",
    f2="tanh",
    kernel1=1,
    kernel2=3,
    filters=(32, 64, 64, 96, 96, 96, 96),
    depth=7,
    stem=Stem(filters=32, kernel=7, stride=2, pool=3),
    pooling="average",
    hidden=256,
)
"""GResNet+M of Tables 1 to 3, with common choices for the sizes that the paper leaves open."""
RELU = {"f1": "relu", "f2": "relu"}
SMALL = PAPER.model_copy(
    update={
        "filters": (4, 6),
        "depth": 3,
        "stem": Stem(filters=4, kernel=3, stride=2, pool=0),
        "hidden": 5,
    }
)
TABLE_3 = [
    ("sigmoid", "4sigmoid-2"),
    ("sigmoid", "tanh"),
    ("sigmoid", "sigmoid"),
    ("sigmoid", "relu"),
    ("relu", "sigmoid"),
    ("relu", "tanh"),
    ("tanh", "tanh"),
    ("tanh", "sigmoid"),
    ("4sigmoid-2", "sigmoid"),
]
TABLE_4 = [
    ("sigmoid", "4sigmoid-2"),
    ("sigmoid", "tanh"),
    ("sigmoid", "sigmoid"),
    ("relu", "sigmoid"),
    ("tanh", "tanh"),
]


def variant(spec: GatedResNet, **fields: object) -> GatedResNet:
    return GatedResNet.model_validate({**spec.model_dump(), **fields})


def images(batch: int, rows: int = 257, frames: int = 399, channels: int = 1) -> torch.Tensor:
    return torch.randn(batch, channels, rows, frames, generator=torch.Generator().manual_seed(0))


IMAGE = (1, 257, 399)


def build(
    spec: GatedResNet, classes: dict[str, int] = BOTH, shape: tuple[int, ...] = IMAGE
) -> GatedResidualNetwork:
    torch.manual_seed(0)
    return GatedResidualNetwork(spec, shape, classes)


@pytest.mark.parametrize("block", ["gated", "residual", "plain"])
@pytest.mark.parametrize("pooling", ["average", "grid"])
def test_one_training_step_at_paper_size_changes_every_parameter(block, pooling):
    model = build(variant(PAPER, block=block, pooling=pooling, dropout=0.1))
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    logits = model(images(2))
    labels = {"emotion": torch.tensor([1, 6]), "vocal_channel": torch.tensor([0, 1])}
    sum(nn.functional.cross_entropy(logits[task], labels[task]) for task in BOTH).backward()
    optimizer.step()

    assert {task: tuple(value.shape) for task, value in logits.items()} == {
        "emotion": (2, 8),
        "vocal_channel": (2, 2),
    }
    unchanged = [
        name for name, value in model.named_parameters() if torch.equal(value, before[name])
    ]
    assert unchanged == []


def test_sizes_along_the_network_at_paper_size():
    sizes = {row["layer"]: row["output_shape"] for row in layer_table(build(PAPER), IMAGE)}
    assert sizes["stem.0"] == [32, 129, 200]
    assert sizes["stem.3"] == [32, 65, 100]
    assert [sizes[f"blocks.{block}.convolution2"] for block in range(7)] == [
        [32, 65, 100],
        *[[64, 33, 50]] * 2,
        *[[96, 17, 25]] * 4,
    ]
    assert sizes["pooling"] == [96]
    assert sizes["hidden.0"] == [256]


STEM = 7 * 7 * 1 * 32 + 2 * 32
"""Kernel, and scale and shift of the normalisation."""
HIDDEN = 96 * 256 + 256
EMOTION_HEAD = 256 * 8 + 8
CHANNEL_HEAD = 256 * 2 + 2


def gated(inputs: int, outputs: int, kernel1: int = 1) -> int:
    """Two convolutions of the same input, each normalised."""
    return inputs * outputs * (kernel1**2 + 3**2) + 2 * 2 * outputs


def serial(inputs: int, outputs: int) -> int:
    """A 1 x 1 and then a 3 x 3 convolution, each normalised."""
    return inputs * outputs * 1 + outputs * outputs * 9 + 2 * 2 * outputs


PROJECTIONS = 32 * 64 + 64 * 96
"""M where the width changes: blocks 2 and 4."""


@pytest.mark.parametrize(
    ("fields", "classes", "expected"),
    [
        (
            {},
            EMOTION,
            STEM
            + gated(32, 32) + gated(32, 64) + gated(64, 64) + gated(64, 96) + 3 * gated(96, 96)
            + PROJECTIONS + HIDDEN + EMOTION_HEAD,
        ),
        (
            {},
            BOTH,
            STEM
            + gated(32, 32) + gated(32, 64) + gated(64, 64) + gated(64, 96) + 3 * gated(96, 96)
            + PROJECTIONS + HIDDEN + EMOTION_HEAD + CHANNEL_HEAD,
        ),
        (
            {"kernel1": 3},
            BOTH,
            STEM
            + gated(32, 32, 3) + gated(32, 64, 3) + gated(64, 64, 3) + gated(64, 96, 3)
            + 3 * gated(96, 96, 3)
            + PROJECTIONS + HIDDEN + EMOTION_HEAD + CHANNEL_HEAD,
        ),
        (
            {"block": "residual", **RELU},
            BOTH,
            STEM
            + serial(32, 32) + serial(32, 64) + serial(64, 64) + serial(64, 96)
            + 3 * serial(96, 96)
            + PROJECTIONS + HIDDEN + EMOTION_HEAD + CHANNEL_HEAD,
        ),
        (
            {"block": "plain", **RELU},
            BOTH,
            STEM
            + serial(32, 32) + serial(32, 64) + serial(64, 64) + serial(64, 96)
            + 3 * serial(96, 96)
            + HIDDEN + EMOTION_HEAD + CHANNEL_HEAD,
        ),
        (
            {"pooling": "grid"},
            EMOTION,
            STEM
            + gated(32, 32) + gated(32, 64) + gated(64, 64) + gated(64, 96) + 3 * gated(96, 96)
            + PROJECTIONS + (4 * 4 * 96 * 256 + 256) + EMOTION_HEAD,
        ),
    ],
    ids=["single task", "multi-task", "3x3 and 3x3", "residual", "plain", "grid"],
)  # fmt: skip
def test_parameter_count_equals_a_sum_by_hand(fields, classes, expected):
    assert parameter_count(build(variant(PAPER, **fields), classes)) == expected


@pytest.mark.parametrize(
    ("f1", "f2", "kernel1"),
    [(*pair, 1) for pair in TABLE_3] + [(*pair, 3) for pair in TABLE_4],
)
def test_every_row_of_tables_3_and_4(f1, f2, kernel1):
    model = build(variant(SMALL, f1=f1, f2=f2, kernel1=kernel1))
    logits = model(images(3, 40, 50))
    logits["emotion"].square().sum().backward()
    gradients = [value.grad for name, value in model.named_parameters() if "blocks" in name]
    assert all(gradient.isfinite().all() and gradient.any() for gradient in gradients)
    assert model.structure()["f1"] == f1
    assert model.structure()["f2"] == f2
    assert model.structure()["kernels"] == [[kernel1, 3]] * 3


def test_colour_images_widen_the_first_convolution_only():
    """The network of cabcnn, section 4: pictures of 3 x 256 x 256."""
    gray, colour = build(PAPER), build(PAPER, shape=(3, 256, 256))
    assert parameter_count(colour) - parameter_count(gray) == 7 * 7 * 2 * 32
    assert colour(images(2, 64, 64, channels=3))["emotion"].shape == (2, 8)
    assert layer_table(colour, (3, 256, 256))[0]["output_shape"] == [32, 128, 128]


def test_a_waveform_is_refused():
    expected = "samples have the shape 1x20000; expected channels, rows and frames"
    with pytest.raises(ConfigError, match=expected):
        build(PAPER, shape=(1, 20000))


@pytest.mark.parametrize("depth", [3, 4, 5, 6, 7, 8, 9])
def test_every_depth_of_figure_11(depth):
    model = build(variant(PAPER, depth=depth))
    assert model(images(2, 65, 100))["emotion"].shape == (2, 8)
    assert model.structure()["blocks"] == depth
    assert model.structure()["filters"] == [32, 64, 64, 96, 96, 96, 96, 96, 96][:depth]


def test_structure_is_what_section_5_3_prints():
    assert build(PAPER).structure() == {
        "blocks": 7,
        "filters": [32, 64, 64, 96, 96, 96, 96],
        "kernels": [[1, 3]] * 7,
        "f1": "tanh",
        "f2": "tanh",
        "tasks": 2,
    }
    assert build(PAPER, EMOTION).structure()["tasks"] == 1


def test_the_stem_may_go_without_pooling():
    sizes = {row["layer"]: row["output_shape"] for row in layer_table(build(SMALL), IMAGE)}
    assert sizes["blocks.0.convolution1"] == [4, 129, 200]


def test_equal_seeds_give_equal_weights():
    first, second = build(SMALL), build(SMALL)
    torch.manual_seed(1)
    other = GatedResidualNetwork(SMALL, IMAGE, BOTH)
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name])
    assert not torch.equal(first.heads["emotion"].weight, other.heads["emotion"].weight)


def test_no_task_starts_out_certain():
    """Cross-entropy of the untrained network is near that of guessing, ln 8."""
    logits = build(PAPER)(images(4, 129, 200))["emotion"]
    loss = nn.functional.cross_entropy(logits, torch.tensor([0, 2, 4, 6]))
    assert np.log(8) - 1 < loss.item() < np.log(8) + 1.5


def test_the_network_learns_two_tasks_at_once():
    """Tones: which band holds one is a task, whether it is on all the time the other."""
    generator = torch.Generator().manual_seed(0)
    x = 0.5 * torch.randn(32, 1, 24, 24, generator=generator)
    targets = {"band": torch.arange(32) % 4, "steady": torch.arange(32) // 4 % 2}
    for clip in range(32):
        row, step = 6 * int(targets["band"][clip]), 1 if targets["steady"][clip] else 3
        x[clip, 0, row : row + 3, ::step] += 3
    torch.manual_seed(0)
    model = GatedResidualNetwork(
        variant(SMALL, pooling="grid", hidden=16), (1, 24, 24), {"band": 4, "steady": 2}
    )
    losses_while_learning(model, x, targets, rate=0.02, steps=40)
    logits = model.eval()(x)
    for task, target in targets.items():
        assert (logits[task].argmax(dim=1) == target).float().mean() > 0.9


def test_an_even_kernel_is_refused():
    with pytest.raises(ConfigError, match="kernel1 is 2; expected an odd number"):
        build(variant(PAPER, kernel1=2))
