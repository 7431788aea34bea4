import math

import pytest
import torch
from torch import nn

from retable.spec.training import Training
from retable.training.optimisation import (
    learning_rate_at,
    multitask_loss,
    optimizer_of,
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


def test_the_loss_is_the_weighted_sum_of_cross_entropies():
    """By hand: -log of the softmax at the target, averaged over clips (equation 2)."""
    logits = {
        "emotion": torch.tensor([[2.0, 0.0, -1.0], [0.5, 0.5, 0.5]]),
        "speech_song": torch.tensor([[0.0, 1.0], [3.0, 0.0]]),
    }
    targets = {"emotion": torch.tensor([0, 2]), "speech_song": torch.tensor([0, 0])}
    emotion = (-math.log(math.exp(2) / (math.exp(2) + 1 + math.exp(-1))) - math.log(1 / 3)) / 2
    song = (
        -math.log(1 / (1 + math.e)) - math.log(math.exp(3) / (math.exp(3) + 1))
    ) / 2  # fmt: skip
    assert float(multitask_loss(logits, targets, {})) == pytest.approx(emotion + song)
    weighted = multitask_loss(logits, targets, {"emotion": 0.7, "speech_song": 0.3})
    assert float(weighted) == pytest.approx(0.7 * emotion + 0.3 * song)
    assert float(multitask_loss(logits, targets, {"emotion": 0.0})) == pytest.approx(song)


def test_the_loss_is_that_of_torch_with_its_gradient():
    generator = torch.Generator().manual_seed(0)
    logits = {
        "a": torch.randn(6, 4, generator=generator, requires_grad=True),
        "b": torch.randn(6, 2, generator=generator, requires_grad=True),
    }
    targets = {"a": torch.tensor([0, 1, 2, 3, 0, 1]), "b": torch.tensor([1, 0, 1, 0, 1, 0])}
    expected = 2 * nn.functional.cross_entropy(logits["a"], targets["a"])
    expected = expected + nn.functional.cross_entropy(logits["b"], targets["b"])
    ours = multitask_loss(logits, targets, {"a": 2.0})
    torch.testing.assert_close(ours, expected)
    gradients = [
        torch.autograd.grad(loss, list(logits.values()), retain_graph=True)
        for loss in (ours, expected)
    ]
    torch.testing.assert_close(*gradients)


def test_the_loss_of_bfloat16_logits_is_computed_in_float32():
    logits = {"a": torch.randn(8, 3, generator=torch.Generator().manual_seed(0)).bfloat16()}
    targets = {"a": torch.arange(8) % 3}
    loss = multitask_loss(logits, targets, {})
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, nn.functional.cross_entropy(logits["a"].float(), targets["a"]))
