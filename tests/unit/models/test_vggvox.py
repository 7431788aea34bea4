import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from learning import losses_while_learning
from scipy.signal import correlate2d
from torch import nn

from repository import WORKFLOW
from retable.errors import ConfigError
from retable.models.describe import parameter_count
from retable.models.vggvox import VGGVoxNetwork
from retable.registry import MODELS, load
from retable.spec.model import VGGVox
from retable.spec.table import Reading
from retable.tables.published import published_rows, read_published
from retable.tables.settings import read_setting
from retable.training.record import description_of

PUBLISHED = WORKFLOW / "papers" / "vggvox_mtl" / "published.csv"
EMOTION = {"emotion": 6}
BOTH = EMOTION | {"speaker": 91}
IMAGE = (1, 512, 400)
PAPER = VGGVox(
    kind="vggvox", filters=(96, 256, 256, 256, 256), hidden=(4096, 1024), batch_norm=True
)
SMALL = {"filters": (2, 3, 4, 3, 2), "hidden": (5, 4)}
SMALL_IMAGE = (1, 128, 100)


def variant(**fields: object) -> VGGVox:
    return VGGVox.model_validate({**PAPER.model_dump(), **fields})


def build(
    spec: VGGVox, shape: tuple[int, ...] = SMALL_IMAGE, classes: dict[str, int] = BOTH
) -> VGGVoxNetwork:
    torch.manual_seed(0)
    return VGGVoxNetwork(spec, shape, classes)


def images(batch: int, *shape: int) -> torch.Tensor:
    return torch.randn(batch, *shape, generator=torch.Generator().manual_seed(0))


def loss_of(logits: dict[str, torch.Tensor]) -> torch.Tensor:
    return sum(
        nn.functional.cross_entropy(value, torch.arange(len(value))) for value in logits.values()
    )


def differences_from_table_1(spec: VGGVox, folder: Path) -> tuple[int, dict[str, tuple[str, str]]]:
    """How many numbers of Table 1 are found in `model.json`, and those that are not as printed."""
    description = description_of(build(spec, IMAGE), IMAGE)
    path = folder / "model.json"
    path.write_text(json.dumps(description, sort_keys=True), encoding="utf-8")
    printed = published_rows(read_published(PUBLISHED), "1")
    differences = {}
    for line in printed.itertuples():
        key = f"structure.layers.{line.row}.{line.column}"
        reading = Reading(source="model", experiment="SC-MTL-A", key=key)
        built = read_setting(reading, {"SC-MTL-A": {"model": [path]}}, line.value)
        if built != line.value:
            differences[f"{line.row} {line.column}"] = (line.value, built)
    return len(printed), differences


ROUNDED_UP = {
    "mpool1 data_size": ("126x99", "126x98"),
    "conv2 data_size": ("62x49", "62x48"),
    "mpool2 data_size": ("30x24", "30x23"),
    "conv3 data_size": ("30x24", "30x23"),
    "conv4 data_size": ("30x24", "30x23"),
    "conv5 data_size": ("30x24", "30x23"),
}
"""mpool1 sees 254 x 198: (254 - 3) / 2 + 1 = 126.5 and (198 - 3) / 2 + 1 = 98.5. The paper rounds
the first down and the second up; what follows from its 99 frames differs, until mpool5."""


def test_the_layers_are_those_of_table_1_but_for_its_frames_from_mpool1_to_conv5(tmp_path):
    assert differences_from_table_1(PAPER, tmp_path) == (57, ROUNDED_UP)


def test_with_the_384_filters_of_vggvox_the_third_layer_differs_too(tmp_path):
    spec = variant(filters=(96, 256, 384, 256, 256))
    third = {"conv3 n_filt": ("256", "384"), "conv4 filt_dim": ("256", "384")}
    assert differences_from_table_1(spec, tmp_path) == (57, {**ROUNDED_UP, **third})


def test_structure_names_the_head_of_each_task():
    structure = build(PAPER, IMAGE, {"speaker": 91, "emotion": 6}).structure()
    assert structure["heads"] == {"speaker": "fc8_1", "emotion": "fc8_2"}
    assert structure["tasks"] == 2
    assert [structure["layers"][name]["n_filt"] for name in ("fc8_1", "fc8_2")] == [91, 6]
    assert [*structure["layers"]] == [
        "conv1", "mpool1", "conv2", "mpool2", "conv3", "conv4", "conv5", "mpool5",
        "fc6", "apool6", "fc7", "fc8_1", "fc8_2",
    ]  # fmt: skip


def test_structure_of_a_smaller_network_for_one_task():
    """128 rows: 62, 30, 14, 6, 1 after the strides; 100 frames: 48, 23, 11, 5, 2."""
    structure = build(variant(**SMALL), classes=EMOTION).structure()
    layers = structure["layers"]
    assert layers["conv5"]["data_size"] == "6x5"
    assert layers["mpool5"] == {"support": "5x3", "stride": "3x2", "data_size": "1x2"}
    filters = {"filt_dim": 2, "n_filt": 5}
    assert layers["fc6"] == {"support": "1x1", **filters, "stride": "1x1", "data_size": "1x2"}
    assert layers["apool6"] == {"support": "1x2", "stride": "1x1", "data_size": "1x1"}
    assert "fc8_2" not in layers
    assert (structure["heads"], structure["tasks"]) == ({"emotion": "fc8_1"}, 1)


@pytest.mark.parametrize("training", [True, False])
def test_structure_leaves_the_network_and_the_random_numbers_as_they_are(training):
    model = build(variant(**SMALL)).train(training)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    drawn = torch.get_rng_state()
    model.structure()
    assert {module.training for module in model.modules()} == {training}
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), drawn)


@pytest.mark.parametrize("third", [256, 384])
@pytest.mark.parametrize("classes", [EMOTION, BOTH])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_parameter_count_equals_a_sum_by_hand(batch_norm, classes, third):
    """A normalisation has a scale and a shift for each filter, a layer without it a bias."""
    filters = 96 + 256 + third + 256 + 256 + 4096 + 1024
    convolutions = 96 * 49 + 96 * 256 * 25 + 256 * third * 9 + third * 256 * 9 + 256 * 256 * 9
    connected = 256 * 9 * 4096 + 4096 * 1024
    heads = sum(1024 * count + count for count in classes.values())
    spec = variant(filters=(96, 256, third, 256, 256), batch_norm=batch_norm)
    expected = convolutions + connected + heads + filters * (2 if batch_norm else 1)
    assert parameter_count(build(spec, IMAGE, classes)) == expected


def test_a_network_without_batch_normalisation_has_biases_of_zero_instead():
    model = build(variant(**SMALL, batch_norm=False))
    assert not [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    biases = [value for name, value in model.named_parameters() if name.endswith("bias")]
    assert len(biases) == 7 + 2
    assert all(torch.equal(value, torch.zeros_like(value)) for value in biases)


def test_weights_are_drawn_as_he_et_al_propose():
    """Deviation sqrt(2 / inputs of a neuron) before a ReLU, sqrt(1 / inputs) before a softmax."""
    weights = dict(build(PAPER, IMAGE).named_parameters())
    inputs = {"conv1": 49, "conv2": 96 * 25, "conv5": 256 * 9, "fc6": 256 * 9, "fc7": 4096}
    for layer, count in inputs.items():
        deviation = weights[f"shared.{layer}.convolution.weight"].std().item()
        assert deviation == pytest.approx(math.sqrt(2 / count), rel=0.05), layer
    assert weights["heads.speaker.weight"].std().item() == pytest.approx(1 / 32, rel=0.05)


def naive_convolution(x, arrays, layer, stride=1, padding=0):
    """Convolution by scipy, batch normalisation with running statistics if there is any, ReLU."""
    arrays = {name.removeprefix(f"shared.{layer}."): value for name, value in arrays.items()}
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    maps = [
        sum(correlate2d(a, b, "valid") for a, b in zip(padded, kernels, strict=True))
        for kernels in arrays["convolution.weight"]
    ]
    y = np.stack(maps)[:, ::stride, ::stride].T
    if "normalisation.weight" in arrays:
        y = (y - arrays["normalisation.running_mean"]) / np.sqrt(
            arrays["normalisation.running_var"] + 1e-5
        )
        y = y * arrays["normalisation.weight"] + arrays["normalisation.bias"]
    else:
        y = y + arrays["convolution.bias"]
    return np.maximum(y, 0).T


def naive_pooling(x, size, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, size, axis=(1, 2))
    return windows[:, :: stride[0], :: stride[1]].max(axis=(3, 4))


def naive_embedding(x, arrays):
    """Table 1 from top to bottom: (channels, rows, frames) to the neurons of fc7."""
    y = naive_convolution(x, arrays, "conv1", stride=2, padding=1)
    y = naive_pooling(y, (3, 3), (2, 2))
    y = naive_convolution(y, arrays, "conv2", stride=2, padding=1)
    y = naive_pooling(y, (3, 3), (2, 2))
    for layer in ("conv3", "conv4", "conv5"):
        y = naive_convolution(y, arrays, layer, padding=1)
    y = naive_pooling(y, (5, 3), (3, 2))
    y = naive_convolution(y, arrays, "fc6")
    y = y.mean(axis=2, keepdims=True)
    return naive_convolution(y, arrays, "fc7")[:, 0, 0]


@pytest.mark.parametrize("frames", [160, 65, 203])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_embedding_and_logits_equal_a_naive_network_at_any_length(batch_norm, frames):
    """200 rows: 98, 48, 23, 11, 3 after the strides; 160 frames leave 3, 65 frames 1, and 203 5."""
    model = build(variant(**SMALL, batch_norm=batch_norm), (2, 200, 160)).eval()
    generator = torch.Generator().manual_seed(1)
    for name, value in model.state_dict().items():
        if "normalisation" in name or name.endswith("bias"):
            value.copy_(torch.rand(value.shape, generator=generator) + 0.5)
    arrays = {name: value.double().numpy() for name, value in model.state_dict().items()}
    x = images(2, 2, 200, frames)

    with torch.no_grad():
        embedding, logits = model.embedding(x), model(x)

    expected = np.stack([naive_embedding(clip, arrays) for clip in x.double().numpy()])
    assert expected.std() > 1e-3
    assert model.structure()["layers"]["fc6"]["support"] == "3x1"
    np.testing.assert_allclose(embedding, expected, rtol=1e-4, atol=1e-4)
    for task in BOTH:
        head = arrays[f"heads.{task}.weight"], arrays[f"heads.{task}.bias"]
        np.testing.assert_allclose(logits[task], expected @ head[0].T + head[1], 1e-4, 1e-4)


@pytest.mark.parametrize(
    ("spec", "shape"), [(PAPER, IMAGE), (variant(hidden=(32, 16), batch_norm=False), SMALL_IMAGE)]
)
def test_a_gradient_reaches_every_parameter(spec, shape):
    model = build(spec, shape).to(memory_format=torch.channels_last)
    loss = loss_of(model(images(3, *shape)))
    loss.backward()
    assert loss.isfinite()
    without = [
        name
        for name, value in model.named_parameters()
        if value.grad is None or not value.grad.abs().max() > 0
    ]
    assert without == []


def test_the_tasks_share_all_layers_but_their_heads():
    """The shared gradient of the sum of two losses is the sum of the gradients of each."""
    model, x = build(variant(**SMALL)).double(), images(4, *SMALL_IMAGE).double()
    shared = [*model.shared.parameters()]
    together = torch.autograd.grad(loss_of(model(x)), shared)
    apart = [torch.autograd.grad(loss_of({task: model(x)[task]}), shared) for task in BOTH]
    assert all(part.abs().max() > 0 for gradients in apart for part in gradients[:1])
    torch.testing.assert_close([*together], [a + b for a, b in zip(*apart, strict=True)])

    loss_of({"emotion": model(x)["emotion"]}).backward()
    assert all(value.grad is None for value in model.heads["speaker"].parameters())
    own = {name for name, _ in model.named_parameters() if not name.startswith("shared.")}
    assert own == {f"heads.{task}.{kind}" for task in BOTH for kind in ("weight", "bias")}


def test_equal_seeds_give_equal_weights_and_other_seeds_others():
    spec = variant(**SMALL)
    first, second = build(spec).state_dict(), build(spec).state_dict()
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    torch.manual_seed(1)
    other = VGGVoxNetwork(spec, SMALL_IMAGE, BOTH).state_dict()
    assert not torch.equal(
        first["shared.conv1.convolution.weight"], other["shared.conv1.convolution.weight"]
    )


def test_one_task_and_two_begin_with_the_same_shared_layers():
    """So that experiments with one seed differ in their tasks alone."""
    spec = variant(**SMALL)
    alone, together = build(spec, classes=EMOTION).shared, build(spec, classes=BOTH).shared
    for one, two in zip(alone.parameters(), together.parameters(), strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_the_network_learns_which_rows_are_loud(batch_norm):
    """A ridge in the lower or the upper half is one task, a rising or falling level the other."""
    x = 0.3 * images(16, 1, 97, 65)
    high, rising = torch.arange(16) % 2, torch.arange(16) // 2 % 2
    level = torch.linspace(-2, 2, 65)
    for clip in range(16):
        rows = slice(60, 70) if high[clip] else slice(25, 35)
        x[clip, 0, rows] += 3 + (level if rising[clip] else -level)
    spec = variant(filters=(8, 8, 8, 8, 8), hidden=(16, 16), batch_norm=batch_norm)
    model = build(spec, (1, 97, 65), {"high": 2, "rising": 2})
    losses = losses_while_learning(model, x, {"high": high, "rising": rising}, 0.01, 40)
    assert losses[-1] < 0.2 * 2 * math.log(2)


def test_the_registry_holds_the_network():
    assert load(MODELS, "vggvox") is VGGVoxNetwork


def test_the_smallest_image_leaves_one_position():
    model = build(variant(**SMALL), (1, 97, 65)).eval()
    assert model.structure()["layers"]["mpool5"]["data_size"] == "1x1"
    assert model(images(1, 1, 97, 65))["emotion"].shape == (1, 6)


@pytest.mark.parametrize("shape", [(1, 96, 400), (1, 512, 64), (1, 1, 1)])
def test_an_image_that_is_too_small_is_refused(shape):
    expected = (
        f"model vggvox: 1 fault\n  - the feature's images have {shape[1]} rows and {shape[2]} "
        "frames, .* give the feature at least 97 rows and 65 frames"
    )
    with pytest.raises(ConfigError, match=expected):
        build(PAPER, shape)


def test_a_waveform_is_refused():
    with pytest.raises(ConfigError, match=r"model vggvox.*\n.*expected channels, rows and frames"):
        build(PAPER, (1, 64240))
