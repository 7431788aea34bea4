import math

import numpy as np
import pytest
import torch
from learning import losses_while_learning
from torch import nn

from retable.errors import ConfigError
from retable.models.band_attention import BandAttentionNetwork
from retable.models.describe import layer_table, parameter_count
from retable.registry import MODELS, load
from retable.spec.model import BandAttention

ACCENT = {"accent": 3}
SPEC = BandAttention(kind="band_attention", bands=8, filters=(32, 64, 128), hidden=256, dropout=0.5)
IMAGE = (1, 256, 256)
TINY = {"bands": 4, "filters": (3, 5), "hidden": 6, "dropout": 0.0}


def variant(**fields: object) -> BandAttention:
    return BandAttention.model_validate({**SPEC.model_dump(), **fields})


def build(
    spec: BandAttention, shape: tuple[int, ...] = IMAGE, classes: dict[str, int] = ACCENT
) -> BandAttentionNetwork:
    torch.manual_seed(0)
    return BandAttentionNetwork(spec, shape, classes)


def images(batch: int, *shape: int) -> torch.Tensor:
    return torch.randn(batch, *shape, generator=torch.Generator().manual_seed(0))


def test_one_training_step_at_paper_size_changes_every_parameter():
    model = build(SPEC).to(memory_format=torch.channels_last)
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9, weight_decay=1e-8)

    logits = model(images(2, *IMAGE))
    loss = nn.functional.cross_entropy(logits["accent"], torch.tensor([0, 2]))
    loss.backward()
    optimizer.step()

    assert logits["accent"].shape == (2, 3)
    assert loss.isfinite()
    unchanged = [
        name for name, value in model.named_parameters() if torch.equal(value, before[name])
    ]
    assert unchanged == []


def test_sizes_along_the_network_at_paper_size():
    """8 bands of 32 rows share one network; three poolings leave 4 rows and 32 frames."""
    sizes = {row["layer"]: row["output_shape"] for row in layer_table(build(SPEC), IMAGE)}
    assert sizes["features.0"] == [32, 32, 256]
    assert sizes["features.11"] == [128, 4, 32]
    assert sizes["score"] == [8, 1]
    assert sizes["hidden.0"] == [256]
    assert sizes["heads.accent"] == [3]


@pytest.mark.parametrize(("channels", "bands"), [(1, 8), (3, 8), (1, 4)])
def test_parameter_count_equals_a_sum_by_hand(channels, bands):
    """The bands share their network, so that their number changes nothing."""
    normalisations = 2 * 32 + 2 * 64 + 2 * 128
    convolutions = channels * 32 * 9 + 32 * 64 * 9 + 64 * 128 * 9
    score, hidden, head = 128, 128 * 256 + 256, 256 * 3 + 3
    model = build(variant(bands=bands), (channels, 256, 256))
    assert parameter_count(model) == convolutions + normalisations + score + hidden + head


def test_bands_that_change_places_take_their_scores_along():
    """One network sees every band, and none of its neighbours."""
    model = build(variant(**TINY), (1, 16, 12)).eval()
    bands = images(2, 4, 1, 4, 12)
    order = [2, 0, 3, 1]
    straight = torch.cat([*bands.unbind(1)], dim=2)
    shuffled = torch.cat([*bands[:, order].unbind(1)], dim=2)

    scores: list[torch.Tensor] = []
    model.score.register_forward_hook(lambda layer, inputs, output: scores.append(output))
    torch.testing.assert_close(model(shuffled)["accent"], model(straight)["accent"])
    of_shuffled, of_straight = scores
    assert of_straight.shape == (2, 4, 1)
    assert of_straight.std(dim=1).min() > 1e-3
    torch.testing.assert_close(of_shuffled, of_straight[:, order])


def test_a_band_alone_equals_the_attended_sum_over_bands():
    """Softmax over linear scores, weighted sum, fully connected layer and classifier, by numpy."""
    model = build(variant(**TINY), (1, 16, 12)).eval()
    bands = images(1, 4, 1, 4, 12)
    with torch.no_grad():
        features = model.features(bands[0]).double().numpy().mean(axis=(2, 3))
        found = model(torch.cat([*bands.unbind(1)], dim=2))["accent"][0]
    arrays = {name: value.detach().double().numpy() for name, value in model.named_parameters()}

    scores = np.exp(features @ arrays["score.weight"][0])
    attended = scores / scores.sum() @ features
    hidden = np.maximum(arrays["hidden.0.weight"] @ attended + arrays["hidden.0.bias"], 0)
    logits = arrays["heads.accent.weight"] @ hidden + arrays["heads.accent.bias"]

    np.testing.assert_allclose(found, logits, rtol=1e-4, atol=1e-5)


def test_a_task_has_a_classifier_of_its_own():
    model = build(variant(**TINY), (3, 16, 12), {"accent": 3, "speaker": 7})
    logits = model(images(2, 3, 16, 12))
    assert {task: tuple(value.shape) for task, value in logits.items()} == {
        "accent": (2, 3),
        "speaker": (2, 7),
    }


def test_structure():
    assert build(SPEC).structure() == {
        "bands": 8,
        "filters": [32, 64, 128],
        "hidden": 256,
        "dropout": 0.5,
        "tasks": 1,
    }


def test_the_network_learns_which_band_is_loud():
    """Two rows of a band bear a ramp along time; rising or falling is the class."""
    generator = torch.Generator().manual_seed(0)
    x = 0.3 * torch.randn(32, 1, 16, 12, generator=generator)
    target = torch.arange(32) % 2
    ramp = torch.linspace(-2, 2, 12)
    for clip in range(32):
        row = 4 * (clip // 2 % 4) + 1
        x[clip, 0, row : row + 2] += ramp if target[clip] else ramp.flip(0)
    model = build(variant(**TINY | {"filters": (8, 8), "hidden": 8}), (1, 16, 12), {"rising": 2})
    losses = losses_while_learning(model, x, {"rising": target}, rate=0.02, steps=60)
    assert losses[-1] < 0.3 * math.log(2)


def test_the_registry_holds_the_network():
    assert load(MODELS, "band_attention") is BandAttentionNetwork


def test_rows_that_make_no_equal_bands_are_refused():
    expected = "bands is 8, and the feature's images have 257 rows.*give bands a divisor"
    with pytest.raises(ConfigError, match=expected):
        build(SPEC, (1, 257, 399))


@pytest.mark.parametrize("shape", [(1, 32, 256), (1, 256, 7)])
def test_a_band_that_is_too_small_is_refused(shape):
    rows = shape[1] // 8
    expected = f"a band of {rows} rows and {shape[2]} frames.*at least 8 rows and 8 frames"
    with pytest.raises(ConfigError, match=expected):
        build(SPEC, shape)


def test_a_waveform_is_refused():
    with pytest.raises(ConfigError, match="expected channels, rows and frames"):
        build(SPEC, (1, 20000))
