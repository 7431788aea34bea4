"""Initial weights of torchvision's networks: drawn, or ready to be set from published ones."""

import math

import pytest
import torch
from torch import nn
from torchvision import models
from torchvision_samples import BOTH, PAPER_SIZE, build, small, without_memory

every_architecture = pytest.mark.parametrize("architecture", PAPER_SIZE)
LAST_LAYER = {
    "alexnet": "classifier.6",
    "vgg11": "classifier.6",
    "resnet18": "fc",
    "squeezenet1_0": "classifier.1",
    "densenet121": "classifier",
    "densenet161": "classifier",
}


@every_architecture
def test_fresh_parameters_are_those_of_the_last_layer(architecture):
    model, last = without_memory(architecture, BOTH), LAST_LAYER[architecture]
    assert model.fresh_parameters == (f"{last}.weight", f"{last}.bias")
    parameters = dict(model.network.named_parameters())
    assert [len(parameters[name]) for name in model.fresh_parameters] == [8, 8]
    narrow = small(architecture)
    assert narrow.fresh_parameters == model.fresh_parameters


@every_architecture
def test_all_but_fresh_parameters_have_names_and_shapes_of_torchvisions_weights(architecture):
    """The statistics of batch normalisation are among them."""
    with torch.device("meta"):
        original = models.get_model(architecture).state_dict()
    model = without_memory(architecture, BOTH)
    own = model.network.state_dict()
    assert [*own] == [*original]
    different = [name for name, value in own.items() if value.shape != original[name].shape]
    assert tuple(different) == model.fresh_parameters


def test_published_weights_decide_all_but_the_last_layer():
    """Set as they would be read: a network with them sees images as the one they are from."""
    model = build("squeezenet1_0", BOTH, (3, 64, 64)).eval()
    torch.manual_seed(1)
    published = models.get_model("squeezenet1_0").eval()
    kept = {
        name: value
        for name, value in published.state_dict().items()
        if name not in model.fresh_parameters
    }
    missing, unexpected = model.network.load_state_dict(kept, strict=False)
    assert (tuple(missing), unexpected) == (model.fresh_parameters, [])
    x = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        assert torch.equal(model.network.features(x), published.features(x))


def test_narrow_layers_of_alexnet_begin_with_the_default_of_torch():
    """Uniform within 1 / fan_in ** 0.5."""
    layers = [
        layer
        for layer in build("alexnet", hidden=64).modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    ]
    for layer in layers[:-1]:
        bound = 1 / math.sqrt(layer.weight[0].numel())
        assert 0.98 * bound < layer.weight.abs().max() <= bound
        assert 0 < layer.bias.abs().max() <= bound


def test_narrow_layers_of_vgg_begin_as_torchvision_draws_its_own():
    """Convolutions with deviation (2 / fan_out) ** 0.5, linear layers with 0.01, biases zero."""
    layers = [
        layer
        for layer in build("vgg11", hidden=64).modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    ]
    for layer in layers[:-1]:
        convolution = isinstance(layer, nn.Conv2d)
        deviation = math.sqrt(2 / (layer.out_channels * 9)) if convolution else 0.01
        assert layer.weight.std().item() == pytest.approx(deviation, rel=0.05)
        assert not layer.bias.any()


@every_architecture
def test_equal_seeds_give_equal_weights(architecture):
    first, second = (small(architecture).state_dict() for _ in range(2))
    assert all(torch.equal(value, second[name]) for name, value in first.items())
