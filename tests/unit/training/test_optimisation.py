"""Optimizers and learning-rate schedules beside those of torch."""

import json

import pytest
import torch
from torch import nn

from retable.spec.training import Training
from retable.training.optimisation import (
    learning_rate_at,
    optimizer_of,
    schedule_facts,
    set_learning_rate,
)


def training(**fields: object) -> Training:
    base = {"epochs": 20, "batch_size": 8, "optimizer": "sgd", "learning_rate": 0.1}
    return Training.model_validate(base | fields)


@pytest.mark.parametrize(("every", "factor"), [(1, 0.9), (5, 0.1), (7, 0.5)])
def test_the_learning_rate_decays_as_torch_does(every, factor):
    spec = training(decay_every=every, decay_factor=factor)
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
    reference = torch.optim.lr_scheduler.StepLR(optimizer, step_size=every, gamma=factor)
    for epoch in range(20):
        assert learning_rate_at(epoch, spec) == pytest.approx(reference.get_last_lr()[0])
        optimizer.step()
        reference.step()


def test_without_decay_the_learning_rate_stays():
    assert {learning_rate_at(epoch, training()) for epoch in range(20)} == {0.1}


@pytest.mark.parametrize("half_epochs", [1, 5, 12, 25, 40])
def test_the_learning_rate_of_a_cycle_is_that_of_torch_stepped_once_an_epoch(half_epochs):
    spec = training(cycle={"lowest_rate": 0.002, "half_epochs": half_epochs})
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
    reference = torch.optim.lr_scheduler.CyclicLR(
        optimizer, 0.002, 0.1, half_epochs, mode="triangular", cycle_momentum=False
    )
    for epoch in range(60):
        assert learning_rate_at(epoch, spec) == pytest.approx(reference.get_last_lr()[0])
        optimizer.step()
        reference.step()


def test_a_cycle_by_hand():
    """Up in two epochs and down in two, then again."""
    spec = training(learning_rate=1e-3, cycle={"lowest_rate": 1e-4, "half_epochs": 2})
    rates = [learning_rate_at(epoch, spec) for epoch in range(9)]
    once = [1e-4, 5.5e-4, 1e-3, 5.5e-4]
    assert rates == pytest.approx([*once, *once, 1e-4])
    assert max(rates) == 1e-3


def facts(epochs: int, **fields: object) -> dict[str, object]:
    """What is recorded of a run of so many epochs."""
    spec = training(**fields)
    found = schedule_facts(spec, [learning_rate_at(epoch, spec) for epoch in range(epochs)])
    assert json.loads(json.dumps(found)) == found
    return found


def test_facts_of_a_constant_rate():
    assert facts(7) == {
        "kind": "constant",
        "epochs": None,
        "divisor": 1.0,
        "factor": 1.0,
        "highest": 0.1,
        "lowest": 0.1,
    }


def test_facts_of_the_steps_of_densenet_ser():
    """Section III: from 1e-3, a tenth every 20 epochs, 1e-5 when training stops in epoch 50."""
    found = facts(50, learning_rate=1e-3, decay_every=20, decay_factor=0.1)
    assert found["kind"] == "step"
    assert found["epochs"] == 20
    assert found["divisor"] == pytest.approx(10)
    assert found["factor"] == pytest.approx(0.1)
    assert found["highest"] == 1e-3
    assert found["lowest"] == pytest.approx(1e-5)


def test_facts_of_steps_are_those_that_the_run_had():
    """It stopped within the first step, or is a record of other rates than its spec has now."""
    steps = {"decay_every": 20, "decay_factor": 0.5}
    before_any = facts(20, **steps)
    assert (before_any["epochs"], before_any["divisor"], before_any["factor"]) == (None, 1.0, 1.0)
    assert facts(21, **steps)["epochs"] == 20
    other = schedule_facts(training(**steps), [0.3, 0.3, 0.1, 0.1, 0.1 / 3])
    assert (other["epochs"], other["divisor"]) == (2, pytest.approx(3))


def test_facts_of_a_cycle():
    cycle = {"lowest_rate": 0.01, "half_epochs": 4}
    found = facts(20, cycle=cycle)
    assert found == {
        "kind": "triangular",
        "epochs": 4,
        "divisor": None,
        "factor": None,
        "highest": 0.1,
        "lowest": pytest.approx(0.01),
    }
    assert facts(6, cycle=cycle)["epochs"] == 4
    assert facts(5, cycle=cycle)["epochs"] is None, "it had not fallen from its top"
    assert facts(3, cycle=cycle)["highest"] == pytest.approx(0.01 + 0.09 / 2)


@pytest.mark.parametrize(
    ("fields", "reference"),
    [
        ({"optimizer": "adam", "weight_decay": 0.1}, (torch.optim.Adam, {"weight_decay": 0.1})),
        ({"optimizer": "adamw", "weight_decay": 0.1}, (torch.optim.AdamW, {"weight_decay": 0.1})),
        (
            {"optimizer": "sgd", "momentum": 0.9, "weight_decay": 0.1},
            (torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.1}),
        ),
    ],
)
def test_a_few_steps_are_those_of_torch(fields, reference):
    kind, arguments = reference
    ours, theirs = (nn.Parameter(torch.linspace(-1, 1, 5)) for _ in range(2))
    optimizer = optimizer_of([ours], training(learning_rate=1.0, **fields))
    set_learning_rate(optimizer, 0.02)
    expected = kind([theirs], lr=0.02, **arguments)
    for _ in range(4):
        for parameter, stepping in ((ours, optimizer), (theirs, expected)):
            stepping.zero_grad()
            (parameter**3).sum().backward()
            stepping.step()
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ("adam", (2 - 0.1, -1 + 0.1, 3 - 0.1)),
        ("adamw", (0.95 * 2 - 0.1, 0.95 * -1 - 0.1, 0.95 * 3)),
    ],
)
def test_weight_decay_of_adamw_is_decoupled(optimizer, expected):
    """By hand: the first step of Adam is learning rate * sign of the gradient.

    Adam adds decay * parameter to the gradients 0.1, 0.1 and 0, which here decides their signs.
    AdamW multiplies the parameter by 1 - 0.1 * 0.5 = 0.95 instead; without a gradient no more.
    """
    parameter = nn.Parameter(torch.tensor([2.0, -1.0, 3.0]))
    fields = {"learning_rate": 0.1, "weight_decay": 0.5, "epsilon": 1e-12}
    stepping = optimizer_of([parameter], training(optimizer=optimizer, **fields))
    parameter.grad = torch.tensor([0.1, 0.1, 0.0])
    stepping.step()
    torch.testing.assert_close(parameter.detach(), torch.tensor(expected))
