import json

import torch
from torch import nn

from retable.models.describe import layer_table, parameter_count


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=2, padding=1),
        nn.Sequential(nn.BatchNorm2d(4), nn.ReLU()),
        nn.Flatten(),
        nn.Linear(4 * 5 * 6, 7),
    )


def test_layers_in_their_order_with_shapes_and_parameters():
    assert layer_table(network(), (1, 10, 12)) == [
        {"layer": "0", "type": "Conv2d", "output_shape": [4, 5, 6], "parameters": 4 * 9 + 4},
        {"layer": "1.0", "type": "BatchNorm2d", "output_shape": [4, 5, 6], "parameters": 8},
        {"layer": "1.1", "type": "ReLU", "output_shape": [4, 5, 6], "parameters": 0},
        {"layer": "2", "type": "Flatten", "output_shape": [120], "parameters": 0},
        {"layer": "3", "type": "Linear", "output_shape": [7], "parameters": 120 * 7 + 7},
    ]


def test_the_input_has_the_channels_and_axes_that_it_is_said_to_have():
    waveforms = nn.Sequential(nn.Conv1d(2, 3, 4), nn.MaxPool1d(5))
    assert [row["output_shape"] for row in layer_table(waveforms, (2, 13))] == [[3, 10], [3, 2]]


def test_the_model_is_left_as_it_was():
    model = network().train()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    layer_table(model, (1, 10, 12))
    assert model.training
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())


def test_the_layers_hold_all_parameters_and_json_holds_the_layers():
    model = network()
    layers = layer_table(model, (1, 10, 12))
    assert sum(row["parameters"] for row in layers) == parameter_count(model) == 895
    assert json.loads(json.dumps(layers)) == layers


def test_frozen_parameters_do_not_count():
    model = network()
    model[0].requires_grad_(False)
    assert parameter_count(model) == 895 - 40
