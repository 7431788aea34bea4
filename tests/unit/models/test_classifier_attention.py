import json
import math

import numpy as np
import pytest
import torch
from learning import losses_while_learning
from torch import nn

from retable.errors import ConfigError
from retable.models.classifier_attention import ClassifierAttentionNetwork
from retable.models.describe import layer_table, parameter_count
from retable.registry import MODELS, load
from retable.spec.model import ClassifierAttention

ACCENT = {"accent": 3}
BOTH = {"accent": 3, "speaker": 5}
PAPER = ClassifierAttention.model_validate(
    {
        "kind": "classifier_attention",
        "layers": (
            {"filters": 16, "kernel": 4, "pool": 4, "stride": 2, "dropout": 0.15},
            {"filters": 32, "kernel": 4, "pool": 4, "stride": 2, "dropout": 0.15},
            {"filters": 32, "kernel": 10, "pool": 10, "stride": 5, "dropout": 0.1},
            {"filters": 128, "kernel": 10, "pool": 10, "stride": 5},
        ),
        "classifiers": 40,
        "classifier_units": (8, 4),
        "attention_units": (160, 80),
        "pooling": "mean",
    }
)
"""Table 2 and section 4."""
TINY = {
    "layers": (
        {"filters": 3, "kernel": 4, "pool": 4, "stride": 2},
        {"filters": 5, "kernel": 10, "pool": 10, "stride": 5},
    ),
    "classifiers": 6,
    "classifier_units": (4, 2),
    "attention_units": (7, 3),
}
"""Steps of 10 samples."""


def variant(**fields: object) -> ClassifierAttention:
    return ClassifierAttention.model_validate({**PAPER.model_dump(), **fields})


def build(
    spec: ClassifierAttention = PAPER, samples: int = 20000, classes: dict[str, int] = ACCENT
) -> ClassifierAttentionNetwork:
    torch.manual_seed(0)
    return ClassifierAttentionNetwork(spec, (1, samples), classes)


def tiny(classes: dict[str, int] = ACCENT, **fields: object) -> ClassifierAttentionNetwork:
    """Small, and with the statistics, scales and biases that a trained network might have."""
    model = build(variant(**TINY | fields), 60, classes)
    generator = torch.Generator().manual_seed(1)
    normalisation = model.normalisation
    normalisation.running_mean.uniform_(0, 0.5, generator=generator)
    normalisation.running_var.uniform_(0.1, 0.5, generator=generator)
    for name, value in model.named_parameters():
        if name.endswith("bias") or name == "normalisation.weight":
            nn.init.uniform_(value, 0.1, 0.9, generator=generator)
    return model


def waves(batch: int, samples: int) -> torch.Tensor:
    return torch.randn(batch, 1, samples, generator=torch.Generator().manual_seed(0))


def test_one_training_step_of_five_seconds_changes_every_parameter():
    model = build().to(memory_format=torch.channels_last)
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    optimizer = torch.optim.Adam(model.parameters())

    logits = model(waves(3, 20000))["accent"]
    nn.functional.cross_entropy(logits, torch.tensor([0, 2, 1])).backward()
    optimizer.step()

    assert logits.shape == (3, 3)
    unchanged = [
        name for name, value in model.named_parameters() if torch.equal(value, before[name])
    ]
    assert unchanged == []


def test_parameter_count_equals_a_sum_by_hand():
    convolutions = (
        (1 * 4 * 16 + 16) + (16 * 4 * 32 + 32) + (32 * 10 * 32 + 32) + (32 * 10 * 128 + 128)
    )
    assert convolutions == 80 + 2080 + 10272 + 41088
    normalisation = 2 * 128
    classifiers = 40 * ((128 * 8 + 8) + (8 * 4 + 4) + (4 * 3 + 3))
    attention = (128 * 160 + 160) + (160 * 80 + 80) + (80 * 40 + 40)
    assert (classifiers, attention) == (43320, 36760)
    expected = convolutions + normalisation + classifiers + attention
    assert parameter_count(build()) == expected == 133856


def test_a_second_task_adds_an_output_layer_to_each_classifier():
    assert parameter_count(build(classes=BOTH)) == 133856 + 40 * (4 * 5 + 5)


@pytest.mark.parametrize(("seconds", "steps"), [(5, 200), (10, 400), (30, 1200), (60, 2400)])
def test_forty_steps_a_second(seconds, steps):
    """4,000 samples a second and steps of 2 * 2 * 5 * 5 = 100 samples."""
    model = build(samples=4000 * seconds)
    assert model.shortest_input == 100
    assert model.attention(waves(1, 4000 * seconds)).weights.shape == (1, steps, 40)


def test_a_begun_step_is_one_more():
    """20,001 samples: 10,001, 5,001, 1,001 and 201 after the poolings."""
    assert build(samples=20001).attention(waves(1, 20001)).weights.shape == (1, 201, 40)


def test_sizes_along_the_layers_of_table_2():
    sizes = {row["layer"]: row["output_shape"] for row in layer_table(build(), (1, 20000))}
    convolutions = [sizes[f"layers.{layer}.convolution"] for layer in range(4)]
    assert convolutions == [[16, 20000], [32, 10000], [32, 5000], [128, 1000]]
    assert sizes["layers.3.pooling"] == sizes["normalisation"] == [128, 200]
    assert sizes["attention_block.classifiers.0"] == [200, 40, 8]
    assert sizes["attention_block.classifiers.2"] == [200, 40, 4]
    assert sizes["attention_block.outputs.accent"] == [200, 40, 3]
    assert sizes["attention_block.attention.0"] == [200, 160]
    assert sizes["attention_block.attention.2"] == [200, 80]
    assert sizes["attention_block.attention.4"] == [200, 40]


def test_structure_is_what_table_2_and_section_4_print():
    facts = {
        "layers": {
            "convolution1": {"filters": 16, "size": "4x1"},
            "pooling1": {"size": "4x1", "stride": "2x1", "dropout": 0.15},
            "convolution2": {"filters": 32, "size": "4x1"},
            "pooling2": {"size": "4x1", "stride": "2x1", "dropout": 0.15},
            "convolution3": {"filters": 32, "size": "10x1"},
            "pooling3": {"size": "10x1", "stride": "5x1", "dropout": 0.1},
            "convolution4": {"filters": 128, "size": "10x1"},
            "pooling4": {"size": "10x1", "stride": "5x1", "dropout": 0.0},
            "attention_block": {"classifiers": 40},
        },
        "classifiers": 40,
        "classifier_units": [8, 4],
        "attention_units": [160, 80],
        "tasks": 1,
    }
    assert build().structure() == facts
    assert json.loads(json.dumps(facts)) == facts
    assert build(classes=BOTH).structure() == facts | {"tasks": 2}


def softmax(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x - x.max())
    return powers / powers.sum()


def naive_block(model: nn.Module, a: np.ndarray, task: str) -> tuple[np.ndarray, np.ndarray]:
    """alpha_t and c_t of one representation a_t, classifier by classifier (section 3)."""
    arrays = {name: value.detach().double().numpy() for name, value in model.named_parameters()}

    def dense(x: np.ndarray, name: str) -> np.ndarray:
        name = f"attention_block.attention.{name}"
        return arrays[f"{name}.weight"] @ x + arrays[f"{name}.bias"]

    def own(x: np.ndarray, name: str, classifier: int) -> np.ndarray:
        weight = arrays[f"attention_block.{name}.weight"][classifier]
        return x @ weight + arrays[f"attention_block.{name}.bias"][classifier]

    alpha = softmax(dense(np.maximum(dense(np.maximum(dense(a, "0"), 0), "2"), 0), "4"))
    context = 0
    for classifier, weight in enumerate(alpha):
        hidden = np.maximum(own(a, "classifiers.0", classifier), 0)
        hidden = np.maximum(own(hidden, "classifiers.2", classifier), 0)
        context = context + weight * softmax(own(hidden, f"outputs.{task}", classifier))
    return alpha, context


def naive_steps(model: nn.Module, x: torch.Tensor, task: str) -> tuple[np.ndarray, np.ndarray]:
    """alpha and c of every step of one clip (samples,) in evaluation mode."""
    y = x[None, None]
    with torch.no_grad():
        for layer in model.layers:
            y = layer(y)
    layer = model.normalisation
    mean, variance, scale, shift = (
        value.detach().double().numpy()[:, None]
        for value in (layer.running_mean, layer.running_var, layer.weight, layer.bias)
    )
    a = (y[0].double().numpy() - mean) / np.sqrt(variance + 1e-3) * scale + shift
    steps = [naive_block(model, step, task) for step in a.T]
    return np.stack([step[0] for step in steps]), np.stack([step[1] for step in steps])


@pytest.mark.parametrize("classes", [ACCENT, BOTH])
def test_steps_classifier_by_classifier(classes):
    model, x = tiny(classes).eval(), waves(2, 60)
    attention = model.attention(x)
    assert not attention.weights.requires_grad
    for task in classes:
        for clip in range(2):
            weights, context = naive_steps(model, x[clip, 0], task)
            np.testing.assert_allclose(attention.weights[clip], weights, rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(attention.classes[task][clip], context, rtol=1e-4, atol=1e-6)


def test_logits_are_those_of_the_mean_over_steps():
    model, x = tiny().eval(), waves(2, 60)
    for clip in range(2):
        _, context = naive_steps(model, x[clip, 0], "accent")
        assert context.shape == (6, 3)
        found = model(x)["accent"][clip].detach()
        np.testing.assert_allclose(found, np.log(context.mean(axis=0) + 1e-7), rtol=1e-4, atol=1e-6)


def test_cross_entropy_is_the_negative_log_likelihood_of_the_mean():
    model, x, target = tiny().eval(), waves(4, 60), torch.tensor([0, 1, 2, 1])
    mean = model.attention(x).classes["accent"].mean(dim=1)
    loss = nn.functional.cross_entropy(model(x)["accent"], target)
    torch.testing.assert_close(loss, nn.functional.nll_loss(mean.log(), target), rtol=0, atol=1e-5)


def test_the_sum_over_steps_has_the_same_loss():
    """Pr = sum over t of c_t (section 3) is p times its mean: 6 steps, ln 6 more."""
    x = waves(4, 60)
    mean, total = tiny().eval()(x)["accent"], tiny(pooling="sum").eval()(x)["accent"]
    torch.testing.assert_close(total, mean + math.log(6), rtol=0, atol=1e-5)
    torch.testing.assert_close(total.softmax(dim=1), mean.softmax(dim=1))


def test_attention_leaves_the_network_in_its_mode():
    model, x = tiny(layers=PAPER.model_dump()["layers"]), waves(2, 400)
    in_training = model.train().attention(x)
    assert model.training
    in_evaluation = model.eval().attention(x)
    assert not model.training
    assert torch.equal(in_training.weights, in_evaluation.weights)


def test_classifiers_may_go_without_hidden_layers():
    model = tiny(classifier_units=(), attention_units=())
    assert model.structure()["classifier_units"] == model.structure()["attention_units"] == []
    assert parameter_count(model.attention_block) == 6 * (5 * 3 + 3) + (5 * 6 + 6)
    assert model(waves(2, 60))["accent"].shape == (2, 3)


def test_initial_values_are_the_defaults_of_keras():
    """Glorot uniform for each classifier by itself, zero biases, epsilon 1e-3, momentum .99."""
    model = build(variant(classifiers=400))
    block = model.attention_block
    for layer, bound in [
        (block.classifiers[0], math.sqrt(6 / (128 + 8))),
        (block.classifiers[2], math.sqrt(6 / (8 + 4))),
        (block.outputs["accent"], math.sqrt(6 / (4 + 3))),
        (block.attention[0], math.sqrt(6 / (128 + 160))),
        (block.attention[4], math.sqrt(6 / (80 + 400))),
    ]:
        assert 0.99 * bound < layer.weight.abs().max() <= bound
        assert layer.weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.05)
        assert not layer.bias.any()
    assert (model.normalisation.eps, model.normalisation.momentum) == (1e-3, pytest.approx(0.01))


def test_equal_seeds_give_equal_weights():
    first, second = build().state_dict(), build().state_dict()
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_the_network_learns_where_a_tone_is_high():
    """A short burst somewhere in noise: slow or fast is the class."""
    generator = torch.Generator().manual_seed(0)
    x = 0.2 * torch.randn(24, 1, 200, generator=generator)
    target = torch.arange(24) % 2
    for clip in range(24):
        start = 20 * (clip // 2 % 6)
        period = 12 if target[clip] else 5
        x[clip, 0, start : start + 60] += torch.sin(2 * math.pi * torch.arange(60) / period)
    torch.manual_seed(0)
    spec = variant(**TINY | {"attention_units": (8,), "classifier_units": (6,)})
    model = ClassifierAttentionNetwork(spec, (1, 200), {"fast": 2})
    losses = losses_while_learning(model, x, {"fast": target}, rate=0.02, steps=60)
    assert losses[-1] < 0.3 * math.log(2)


def test_the_registry_holds_the_network():
    assert load(MODELS, "classifier_attention") is ClassifierAttentionNetwork


def test_an_image_is_refused():
    expected = "samples have the shape 1x256x256; expected one row of samples"
    with pytest.raises(ConfigError, match=expected):
        ClassifierAttentionNetwork(PAPER, (1, 256, 256), ACCENT)
