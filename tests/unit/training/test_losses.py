"""Losses: by hand, and beside those of torch; and a training with one."""

import math

import pytest
import torch
from sample_part import (
    EPOCHS,
    STEPS_PER_EPOCH,
    result_bytes,
    sample_part,
    stopped_in_step,
    train,
    write_inputs,
)
from torch import nn

from retable.evaluation.predictions import read_predictions, score_matrix
from retable.spec.training import Training
from retable.training.optimisation import multitask_loss
from retable.tsv import read_tsv

HINGES = ("multi_margin", "multilabel_margin")
every_hinge = pytest.mark.parametrize("hinge", HINGES)


def training(**fields: object) -> Training:
    base = {"epochs": 20, "batch_size": 8, "optimizer": "sgd", "learning_rate": 0.1}
    return Training.model_validate(base | fields)


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
    assert float(multitask_loss(logits, targets, training())) == pytest.approx(emotion + song)
    weighted = multitask_loss(
        logits, targets, training(task_weights={"emotion": 0.7, "speech_song": 0.3})
    )
    assert float(weighted) == pytest.approx(0.7 * emotion + 0.3 * song)
    without = multitask_loss(logits, targets, training(task_weights={"emotion": 0.0}))
    assert float(without) == pytest.approx(song)


def test_the_loss_is_that_of_torch_with_its_gradient():
    generator = torch.Generator().manual_seed(0)
    logits = {
        "a": torch.randn(6, 4, generator=generator, requires_grad=True),
        "b": torch.randn(6, 2, generator=generator, requires_grad=True),
    }
    targets = {"a": torch.tensor([0, 1, 2, 3, 0, 1]), "b": torch.tensor([1, 0, 1, 0, 1, 0])}
    expected = 2 * nn.functional.cross_entropy(logits["a"], targets["a"])
    expected = expected + nn.functional.cross_entropy(logits["b"], targets["b"])
    ours = multitask_loss(logits, targets, training(task_weights={"a": 2.0}))
    torch.testing.assert_close(ours, expected)
    gradients = [
        torch.autograd.grad(loss, list(logits.values()), retain_graph=True)
        for loss in (ours, expected)
    ]
    torch.testing.assert_close(*gradients)


def test_the_loss_of_bfloat16_logits_is_computed_in_float32():
    logits = {"a": torch.randn(8, 3, generator=torch.Generator().manual_seed(0)).bfloat16()}
    targets = {"a": torch.arange(8) % 3}
    loss = multitask_loss(logits, targets, training())
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, nn.functional.cross_entropy(logits["a"].float(), targets["a"]))


@every_hinge
def test_a_hinge_loss_by_hand(hinge):
    """How far each other class is from trailing by 1, over all three classes, then over clips.

    The first clip's class leads the others by 2 and 0.5; that of the second trails one by 1 and
    leads the other by 3; that of the third leads both by 1 or more.
    """
    logits = torch.tensor([[2.0, 0.0, 1.5], [1.0, 2.0, -2.0], [0.0, -1.0, 1.0]])
    targets = torch.tensor([0, 0, 2])
    expected = ((0 + 0.5) / 3 + (2 + 0) / 3 + 0) / 3
    loss = multitask_loss({"a": logits}, {"a": targets}, training(loss=hinge))
    assert float(loss) == pytest.approx(expected)


@pytest.mark.parametrize("classes", [2, 3, 8])
def test_with_one_label_a_clip_both_hinge_losses_and_their_gradients_are_the_same(classes):
    generator = torch.Generator().manual_seed(classes)
    logits = torch.randn(24, classes, generator=generator, requires_grad=True)
    targets = torch.arange(24) % classes
    losses = [
        multitask_loss({"a": logits}, {"a": targets}, training(loss=hinge)) for hinge in HINGES
    ]
    torch.testing.assert_close(*losses)
    torch.testing.assert_close(*(torch.autograd.grad(loss, logits)[0] for loss in losses))
    assert losses[0].item() > 0


@every_hinge
def test_a_hinge_loss_is_summed_over_tasks_with_their_weights(hinge):
    logits = {"a": torch.tensor([[0.0, 0.0]]), "b": torch.tensor([[0.0, 3.0, 0.0]])}
    targets = {"a": torch.tensor([1]), "b": torch.tensor([0])}
    of_a, of_b = (1 + 0) / 2, ((1 + 3) + (1 + 0)) / 3
    spec = training(loss=hinge, task_weights={"b": 0.1})
    assert float(multitask_loss(logits, targets, spec)) == pytest.approx(of_a + 0.1 * of_b)


@every_hinge
def test_a_hinge_loss_is_content_with_a_lead_of_one(hinge):
    """Then nothing pulls at the logits, whose softmax is only e / (e + 7) of eight classes."""
    logits = torch.zeros(1, 8, requires_grad=True)
    ahead = logits + nn.functional.one_hot(torch.tensor([3]), 8)
    loss = multitask_loss({"a": ahead}, {"a": torch.tensor([3])}, training(loss=hinge))
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()
    assert ahead.softmax(1).max().item() == pytest.approx(math.e / (math.e + 7))
    assert round(math.e / (math.e + 7), 2) == 0.28


@every_hinge
def test_a_hinge_loss_of_bfloat16_logits_is_computed_in_float32(hinge):
    logits = {"a": torch.randn(8, 3, generator=torch.Generator().manual_seed(0)).bfloat16()}
    targets = {"a": torch.arange(8) % 3}
    loss = multitask_loss(logits, targets, training(loss=hinge))
    exact = multitask_loss({"a": logits["a"].float()}, targets, training(loss=hinge))
    assert loss.dtype == torch.float32
    assert torch.equal(loss, exact)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return write_inputs(tmp_path_factory.mktemp("inputs"))


def test_predictions_after_a_hinge_loss_are_probabilities(inputs, tmp_path):
    outputs = train(tmp_path / "part0", sample_part(loss="multi_margin"), inputs)
    for _, rows in read_predictions([outputs.predictions]).table.groupby("task"):
        scores = torch.from_numpy(score_matrix(rows))
        assert (scores >= 0).all()
        torch.testing.assert_close(scores.sum(1), torch.ones(len(scores)))


def test_the_loss_of_the_history_is_that_of_the_training(inputs, tmp_path):
    """A cross entropy begins near log 3 + log 2 = 1.79, hinge losses near 2 / 3 + 1 / 2 = 1.17."""
    first = {}
    for loss in ("cross_entropy", "multi_margin"):
        part = sample_part(runs=1, loss=loss, learning_rate=1e-9)
        columns = ("epoch", "role", "task", "metric", "value")
        history = read_tsv(train(tmp_path / loss, part, inputs).history, columns)
        rows = history[(history["metric"] == "loss") & (history["epoch"] == "1")]
        first[loss] = rows.set_index("role")["value"].astype(float)
    assert first["cross_entropy"]["train"] == pytest.approx(math.log(3) + math.log(2), abs=0.3)
    assert first["multi_margin"]["train"] == pytest.approx(2 / 3 + 1 / 2, abs=0.3)
    assert (first["multi_margin"] < first["cross_entropy"] - 0.2).all()


def test_a_training_of_densenet_ser_goes_on_where_it_was_stopped(inputs, tmp_path):
    """AdamW with its decay, a hinge loss, and a cycle that is stopped on its way down."""
    fields = {
        "optimizer": "adamw",
        "weight_decay": 0.1,
        "loss": "multi_margin",
        "cycle": {"lowest_rate": 1e-3, "half_epochs": 2},
        "learning_rate": 0.02,
    }
    part = sample_part(runs=1, **fields)
    in_one_go = train(tmp_path / "reference", part, inputs)
    with stopped_in_step(3 * STEPS_PER_EPOCH + 2):
        train(tmp_path / "part0", part, inputs)
    resumed = train(tmp_path / "part0", part, inputs)
    assert result_bytes(resumed) == result_bytes(in_one_go)
    history = read_tsv(resumed.history, ("metric", "value"))
    rates = history.loc[history["metric"] == "learning_rate", "value"].astype(float)
    assert rates.tolist() == pytest.approx([1e-3, 0.0105, 0.02, 0.0105, 1e-3, 0.0105])
    assert len(rates) == EPOCHS
    without_decay = sample_part(runs=1, **fields | {"weight_decay": 0.0})
    other = train(tmp_path / "other", without_decay, inputs)
    assert result_bytes(other) != result_bytes(in_one_go), "the decay does nothing"
