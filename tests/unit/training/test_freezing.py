"""Parameters that keep their initial values, and the modules that go with them."""

import json

import pytest
import torch
from safetensors.torch import load_file
from sample_part import train
from sample_patches import SHAPE, patch_part, write_patch_inputs
from torch import nn

from retable.errors import ConfigError
from retable.spec.training import Training
from retable.training.freezing import freeze, set_training_mode
from retable.training.part import build_network


def training(*frozen: str, **fields: object) -> Training:
    base = {"epochs": 1, "batch_size": 4, "optimizer": "adam", "learning_rate": 0.1}
    return Training.model_validate({**base, "frozen": frozen, **fields})


def network() -> nn.Sequential:
    """A stem, two branches with normalisation and dropout, a dropout of its own, and an output."""
    layers = {
        "stem": nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.Linear(4, 4)),
        "branch": nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.5)),
        "dropout": nn.Dropout(0.5),
        "output": nn.Linear(4, 2),
    }
    model = nn.Sequential()
    for name, layer in layers.items():
        model.add_module(name, layer)
    return model


def in_evaluation_mode(model: nn.Module) -> set[str]:
    return {name for name, module in model.named_modules() if not module.training}


def test_frozen_layers_and_what_lies_between_them_are_at_rest():
    """Half a stem is not: its dropout is among layers that train."""
    model = network()
    at_rest = freeze(model, training("branch.*", "stem.0.*"), "NET")
    trained = {name for name, values in model.named_parameters() if values.requires_grad}
    assert trained == {"stem.2.weight", "stem.2.bias", "output.weight", "output.bias"}
    model.eval()
    set_training_mode(model, at_rest)
    assert in_evaluation_mode(model) == {
        "stem.0",
        "branch",
        "branch.0",
        "branch.1",
        "branch.2",
        "branch.3",
    }


def test_batch_normalisation_is_left_out_where_asked_for():
    model = network()
    at_rest = freeze(model, training("branch.*", freeze_batch_norm=False), "NET")
    set_training_mode(model, at_rest)
    assert in_evaluation_mode(model) == {"branch", "branch.0", "branch.2", "branch.3"}


def test_a_frozen_branch_is_a_fixed_function_whose_statistics_stay():
    model = network()
    at_rest = freeze(model, training("branch.*"), "NET")
    before = {name: value.clone() for name, value in model.named_buffers()}
    x = torch.randn(16, 4, generator=torch.Generator().manual_seed(0))
    set_training_mode(model, at_rest)
    branch = model.get_submodule("branch")
    assert torch.equal(branch(x), branch(x))
    assert all(torch.equal(value, before[name]) for name, value in model.named_buffers())


def test_without_patterns_nothing_is_at_rest():
    model = network()
    assert freeze(model, training(), "NET") == []
    assert all(values.requires_grad for values in model.parameters())


def test_a_pattern_that_matches_nothing_is_an_error_that_names_parameters_like_it():
    message = (
        r"NET paper repeat0-fold0: 1 fault\n"
        r"  - training\.frozen: 'brnch\.0\.\*' matches no parameter of the network; "
        r"names like it are branch\.0\."
    )
    with pytest.raises(ConfigError, match=message):
        freeze(network(), training("stem.*", "brnch.0.*"), "NET paper repeat0-fold0")


def test_freezing_everything_is_an_error():
    message = r"training\.frozen: stem\.\*, \* matches all 10 parameters of the network"
    with pytest.raises(ConfigError, match=message):
        freeze(network(), training("stem.*", "*"), "NET")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return write_patch_inputs(tmp_path_factory.mktemp("inputs") / "patches")


@pytest.mark.parametrize("keeps_statistics", [True, False])
def test_a_training_leaves_frozen_parameters_and_their_statistics_to_the_bit(
    inputs, tmp_path, keeps_statistics
):
    frozen = ["stem.*", "blocks.0.*"]
    part = patch_part("scene", runs=1, frozen=frozen, freeze_batch_norm=keeps_statistics)
    outputs = train(tmp_path / "part0", part, inputs[0])
    initial = build_network(part, part.runs[0], (1, *SHAPE), torch.device("cpu")).state_dict()
    trained = load_file(outputs.weights / "repeat0-fold0.safetensors")
    same = {name for name, values in trained.items() if torch.equal(values, initial[name])}
    of_frozen = {name for name in initial if name.startswith(("stem.", "blocks.0."))}
    statistics = {name for name in of_frozen if "running" in name or "batches" in name}
    assert statistics
    assert same == (of_frozen if keeps_statistics else of_frozen - statistics)


def test_the_record_counts_what_is_frozen_and_the_description_everything(inputs, tmp_path):
    part = patch_part("scene", runs=1, frozen=["stem.*", "blocks.*", "hidden.*"])
    outputs = train(tmp_path / "part0", part, inputs[0])
    (record,) = json.loads(outputs.runs.read_text())
    model = json.loads(outputs.model.read_text())
    assert record["parameters"]["trainable"] == 8 * 3 + 3
    assert sum(record["parameters"].values()) == model["parameters"]
    assert model["parameters"] == sum(layer["parameters"] for layer in model["layers"])
