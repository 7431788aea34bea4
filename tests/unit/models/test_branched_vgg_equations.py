import math

import numpy as np
import pytest
import torch
from learning import losses_while_learning
from torch import nn

from retable.models.branched_vgg import BranchedVGGNetwork
from retable.spec.model import BranchedVGG

SIZES = {"scene": 3, "event": 4}
ALPHA = {"scene": 0.7, "event": 0.6}
OTHER = {"scene": "event", "event": "scene"}
TINY = {"kind": "branched_vgg", "widths": (2, 3, 4), "head": 5, "dropout": 0.5, "batch_norm": True}


def build(sizes: dict[str, int], **fields: object) -> BranchedVGGNetwork:
    """A small network for patches of 64 bands and 80 frames: layer 15 has 2 x 3 positions."""
    torch.manual_seed(0)
    spec = BranchedVGG.model_validate({**TINY, "form": "branched", **fields})
    return BranchedVGGNetwork(spec, (1, 64, 80), sizes)


def patches(batch: int) -> torch.Tensor:
    return torch.randn(batch, 1, 64, 80, generator=torch.Generator().manual_seed(1))


def outputs_of(model: nn.Module, x: torch.Tensor, *names: str) -> dict[str, np.ndarray]:
    """What the named layers give, in float64, beside the logits of the model."""
    found = {}

    def keep(name: str):
        return lambda module, inputs, output: found.__setitem__(name, as_array(output))

    handles = [model.get_submodule(name).register_forward_hook(keep(name)) for name in names]
    logits = model(x)
    for handle in handles:
        handle.remove()
    return found | {task: as_array(value) for task, value in logits.items()}


def as_array(values: torch.Tensor) -> np.ndarray:
    return values.detach().double().numpy()


def layer_15(model: nn.Module, task: str, h14: np.ndarray) -> np.ndarray:
    """f(W15 h + b15), f being ReLU, at each position."""
    layer = model.get_submodule(f"branches.{task}.convolution15.convolution")
    weight, bias = as_array(layer.weight)[:, :, 0, 0], as_array(layer.bias)
    return np.maximum(np.einsum("ph,nhbt->npbt", weight, h14) + bias[:, None, None], 0)


@pytest.mark.parametrize("training", [False, True])
def test_equations_4_and_5(training):
    """Dropout and normalisation belong to H14; what follows is the same in training."""
    model = build(SIZES, alpha=ALPHA).train(training)
    names = [f"branches.{task}.dropout14" for task in SIZES]
    found = outputs_of(model, patches(3), *names)
    h14 = {task: found[f"branches.{task}.dropout14"] for task in SIZES}

    for task, alpha in ALPHA.items():
        mixed = alpha * h14[task] + (1 - alpha) * h14[OTHER[task]]
        h15 = layer_15(model, task, mixed)
        np.testing.assert_allclose(found[task], h15.mean(axis=(2, 3)), rtol=1e-4, atol=1e-6)


def test_without_alpha_a_branch_sees_nothing_of_the_other():
    model = build(SIZES).eval()
    found = outputs_of(model, patches(3), "branches.scene.dropout14")
    h15 = layer_15(model, "scene", found["branches.scene.dropout14"])
    np.testing.assert_allclose(found["scene"], h15.mean(axis=(2, 3)), rtol=1e-4, atol=1e-6)

    before = model(patches(3))
    nn.init.normal_(model.branches["event"].convolution13.convolution.weight)
    after = model(patches(3))
    assert torch.equal(before["scene"], after["scene"])
    assert not torch.equal(before["event"], after["event"])


@pytest.mark.parametrize("alpha", [{}, ALPHA], ids=["apart", "inter-connected"])
@pytest.mark.parametrize("fuse_input", ["flatten", "gap"])
def test_equation_6(alpha, fuse_input):
    fields = {"form": "fused", "branches": SIZES, "alpha": alpha}
    model = build({"event": 4}, **fields, fuse_input=fuse_input, fused_units=7).eval()
    nn.init.normal_(model.output.bias)
    names = [f"branches.{task}.dropout14" for task in SIZES]
    found = outputs_of(model, patches(3), *names)
    h14 = {task: found[f"branches.{task}.dropout14"] for task in SIZES}

    h16 = {}
    for task in SIZES:
        share = alpha.get(task, 1)
        h15 = layer_15(model, task, share * h14[task] + (1 - share) * h14[OTHER[task]])
        seen = h15.reshape(3, -1) if fuse_input == "flatten" else h15.mean(axis=(2, 3))
        linear = model.fused[task].linear
        h16[task] = np.maximum(seen @ as_array(linear.weight).T + as_array(linear.bias), 0)
    weight, bias = as_array(model.output.weight), as_array(model.output.bias)
    logits = (h16["scene"] + h16["event"]) @ weight.T + bias

    np.testing.assert_allclose(found["event"], logits, rtol=1e-4, atol=1e-5)


def test_the_rows_of_a_channels_last_batch_are_the_same():
    model = build({"event": 4}, form="fused", branches=SIZES, alpha=ALPHA).eval()
    expected = model(patches(3))["event"]
    model.to(memory_format=torch.channels_last)
    found = model(patches(3).to(memory_format=torch.channels_last))["event"]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_equal_seeds_give_equal_weights():
    first, second = build(SIZES).state_dict(), build(SIZES).state_dict()
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_shared_layers_start_alike_whatever_the_branches():
    """One seed gives the baseline and the multi-task model the same layers 1 to 10."""
    one, two = build({"scene": 3}).state_dict(), build(SIZES, alpha=ALPHA).state_dict()
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_weights_begin_with_the_deviation_of_he_et_al():
    """Standard deviation (2 / fan-in) ** 0.5 in front of a ReLU (He et al., 2015, equation 10)."""
    model = build(SIZES, widths=(32, 64, 128), head=256)
    layer = model.branches["scene"].convolution11.convolution
    assert layer.weight.std().item() == pytest.approx(math.sqrt(2 / (128 * 9)), rel=0.02)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_every_class_can_be_learnt_from_the_start(batch_norm):
    """No map of layer 15 is dead: the ReLU in front of each logit lets every class through."""
    model = build({"event": 50}, head=64, batch_norm=batch_norm)
    assert (model.branches["event"].convolution15.convolution.bias > 0).all()
    logits = model(patches(32))["event"]
    assert (logits > 0).any(dim=0).all()
    loss = nn.functional.cross_entropy(logits, torch.arange(32))
    assert math.log(50) - 1 < loss.item() < math.log(50) + 2


@pytest.mark.parametrize("form", ["baseline", "two branches", "inter-connected", "fused"])
def test_thirty_steps_reduce_the_loss(form):
    """Tones: which band holds one is a task, in which frames it sounds the other."""
    fields = {
        "inter-connected": {"alpha": ALPHA},
        "fused": {"form": "fused", "branches": SIZES, "alpha": ALPHA, "fused_units": 16},
    }.get(form, {})
    sizes = SIZES if form in ("two branches", "inter-connected") else {"event": 4}
    generator = torch.Generator().manual_seed(0)
    x = 0.5 * torch.randn(24, 1, 64, 80, generator=generator)
    targets = {"event": torch.arange(24) % 4, "scene": torch.arange(24) // 4 % 3}
    for clip in range(24):
        band, frame = 16 * int(targets["event"][clip]), 24 * int(targets["scene"][clip])
        x[clip, 0, band : band + 8, frame : frame + 16] += 3
    model = build(sizes, **{"widths": (8, 16, 16), "head": 32, **fields})
    learnt = {task: targets[task] for task in sizes}

    losses = losses_while_learning(model, x, learnt, rate=0.005, steps=30)

    assert losses[-1] < 0.6 * losses[0]
