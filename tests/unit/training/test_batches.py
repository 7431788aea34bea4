"""Clips of different lengths in a batch: whole, cut to the shortest, or masked."""

import math

import pytest
import torch
from sample_network import StepClassifier

from retable.spec.compute import Compute
from retable.spec.training import Training
from retable.training import batches
from retable.training.batches import Batching
from retable.training.checkpoint import Checkpoint, StopFlag
from retable.training.data import ClipData
from retable.training.evaluate import evaluate
from retable.training.loop import RunTrainer
from retable.training.samples import Samples

LENGTHS = [9, 30, 14, 22, 8, 27, 16, 11, 25, 19, 30, 13, 21, 17, 28, 12, 23]
STORED = 30
ROLES = {"train": range(7), "validation": range(7, 12), "test": range(12, 17)}


def clips(noise: float = 0.0) -> ClipData:
    """Clip k is 1 + k at each of its samples, plus noise, and 0 past its end."""
    lengths, numbers = torch.tensor(LENGTHS), torch.arange(len(LENGTHS))
    waves = (1.0 + numbers)[:, None].repeat(1, STORED)
    waves += noise * torch.randn(waves.shape, generator=torch.Generator().manual_seed(0))
    waves[torch.arange(STORED) >= lengths[:, None]] = 0
    names = tuple(f"clip{clip:02d}" for clip in numbers)
    return ClipData(names, waves[:, None], {"accent": numbers % 3}, lengths=lengths)


def samples_of(data: ClipData) -> Samples:
    return Samples(data, {role: data.clip_ids[of.start : of.stop] for role, of in ROLES.items()})


def training(batching: str, **fields: object) -> Training:
    base = {"epochs": 3, "batch_size": 3, "optimizer": "sgd", "learning_rate": 0.01}
    return Training.model_validate({**base, "batching": batching, **fields})


def trained(batching: str, tmp_path) -> RunTrainer:
    """Three epochs of two batches: the last, of one clip, waits for its next turn."""
    torch.manual_seed(1)
    model, samples = StepClassifier({"accent": 3}), samples_of(clips())
    of_run = RunTrainer("NET", model, [samples], training(batching), Compute(), seed=5)
    of_run.train(Checkpoint(tmp_path / "checkpoint", minutes=60), StopFlag())
    return of_run


def calls_in_training(run: RunTrainer) -> list[tuple[torch.Tensor, torch.Tensor | None]]:
    """Of each epoch its two training batches: its validation and its test follow."""
    per_epoch = len(run.model.calls) // 3
    return [call for epoch in range(3) for call in run.model.calls[per_epoch * epoch :][:2]]


def lengths_of(x: torch.Tensor) -> list[int]:
    """Lengths of the clips in a batch, which their first sample tells apart."""
    return [LENGTHS[int(number) - 1] for number in x[:, 0, 0]]


def test_whole_clips_are_as_they_are_stored_and_the_network_is_told_nothing(tmp_path):
    for x, lengths in calls_in_training(trained("whole", tmp_path)):
        assert x.shape == (3, 1, STORED)
        assert lengths is None


def test_a_training_batch_is_cut_to_its_shortest_clip(tmp_path):
    run = trained("shortest", tmp_path)
    cuts = []
    for x, lengths in calls_in_training(run):
        cuts.append(min(lengths_of(x)))
        assert x.shape == (3, 1, cuts[-1])
        assert (x > 0).all(), "nothing of the zeros past an end is left"
        assert lengths is None
    assert len(set(cuts)) > 1
    recorded = [row for row in run.progress.history if row[3] == "batch_length"]
    assert recorded == [
        (epoch, "train", "all", "batch_length", (cuts[2 * epoch - 2] + cuts[2 * epoch - 1]) / 2)
        for epoch in (1, 2, 3)
    ]


def test_a_masked_batch_holds_its_longest_clip_in_whole_steps_and_all_lengths(tmp_path):
    """Four samples are a step, and no batch is longer than what is stored."""
    run = trained("masked", tmp_path)
    sizes = set()
    for x, lengths in calls_in_training(run):
        assert lengths.tolist() == lengths_of(x)
        sizes.add(x.shape[-1])
        assert x.shape == (3, 1, min(STORED, 4 * math.ceil(max(lengths_of(x)) / 4)))
    assert STORED in sizes and len(sizes) > 1
    assert not any(row[3] == "batch_length" for row in run.progress.history)


@pytest.fixture
def predicted(tmp_path):
    """The network, noisy clips of its run, and their logits under a batching and a seed."""
    torch.manual_seed(1)
    model, samples = StepClassifier({"accent": 3}), samples_of(clips(noise=1.0))

    def logits(batching: str, role: str = "test", seed: int = 5) -> torch.Tensor:
        return evaluate(model, samples, role, Batching(training(batching), model, seed))["accent"]

    return model, samples, logits


def test_predicted_batches_are_drawn_from_the_seed_once_and_for_all(predicted):
    model, samples, _ = predicted

    def batched(seed: int, role: str) -> list[list[int]]:
        found = Batching(training("shortest"), model, seed).for_prediction(samples, role)
        return [batch.positions.tolist() for batch in found]

    first = batched(5, "test")
    assert [len(batch) for batch in first] == [3, 2]
    assert sorted([*first[0], *first[1]]) == [0, 1, 2, 3, 4]
    assert batched(5, "test") == first
    assert batched(6, "test") != first
    assert batched(5, "validation") != first


def test_clips_cut_with_their_batch_are_predicted_in_the_order_of_the_split(predicted):
    model, samples, logits = predicted
    expected = torch.zeros(5, 3)
    for batch in Batching(training("shortest"), model, 5).for_prediction(samples, "test"):
        tested = [ROLES["test"][position] for position in batch.positions]
        assert batch.length == min(LENGTHS[clip] for clip in tested)
        cut = samples.data.features[tested, :, : batch.length]
        expected[batch.positions] = model(cut)["accent"].detach()
    torch.testing.assert_close(logits("shortest"), expected)


def test_a_prediction_cut_to_the_shortest_depends_on_its_batch(predicted):
    _, _, logits = predicted
    of_seeds = [logits("shortest", seed=seed) for seed in (5, 6, 5)]
    assert torch.equal(of_seeds[0], of_seeds[2])
    changed = (of_seeds[0] != of_seeds[1]).any(dim=1)
    assert changed.any()


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_a_masked_prediction_is_that_of_the_clip_alone(predicted, monkeypatch, at_once):
    model, samples, logits = predicted
    monkeypatch.setattr(batches, "ELEMENTS_AT_ONCE", at_once * STORED)
    found = logits("masked")
    assert len(model.calls) == math.ceil(5 / at_once)
    for row, clip in zip(found, ROLES["test"], strict=True):
        alone = samples.data.features[[clip], :, : LENGTHS[clip] // 4 * 4]
        torch.testing.assert_close(row, model(alone)["accent"][0].detach())
    assert not torch.allclose(found, logits("whole"))
