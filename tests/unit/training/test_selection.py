"""The best epoch, and a training that stops where no better one comes."""

import logging
import math
from collections.abc import Sequence

import pytest
import torch
from sample_network import Classifier

from retable.errors import TrainingError
from retable.spec.compute import Compute
from retable.spec.training import Training
from retable.training.batches import Batch
from retable.training.checkpoint import Checkpoint, Preempted, StopFlag
from retable.training.data import ClipData
from retable.training.loop import RunTrainer
from retable.training.samples import Samples

NAN = math.nan


class Scripted(RunTrainer):
    """A training whose held-out losses and accuracies are given: one an epoch."""

    losses: Sequence[float] = ()
    accuracies: Sequence[float] = ()

    def _means(self, held_out: Sequence[Samples], role: str) -> dict[str, float]:
        epoch = self.progress.epoch
        self.weights = getattr(self, "weights", {})
        self.weights[epoch + 1] = self.model.heads["accent"].weight.detach().clone()
        return {"loss": self.losses[epoch], "accent": self.accuracies[epoch]}


def scripted(
    losses: Sequence[float] = (), accuracies: Sequence[float] = (), **fields: object
) -> Scripted:
    """A training of 8 epochs; what is not given of the script is constant."""
    base = {
        "epochs": 8,
        "batch_size": 4,
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "selection": "best_validation",
        "monitor": "loss" if losses else "accuracy",
    }
    features = torch.randn(8, 1, 1, 6, generator=torch.Generator().manual_seed(0))
    names = tuple(f"clip{clip}" for clip in range(8))
    data = ClipData(names, features, {"accent": torch.arange(8) % 2})
    samples = Samples(data, {"train": names[:4], "validation": names[4:]})
    torch.manual_seed(1)
    spec = Training.model_validate(base | fields)
    of_run = Scripted("NET", Classifier({"accent": 2}), [samples], spec, Compute(), seed=5)
    of_run.losses, of_run.accuracies = losses or [1.0] * 8, accuracies or [0.5] * 8
    return of_run


def train(run: Scripted, tmp_path, stop: StopFlag | None = None) -> Scripted:
    run.train(Checkpoint(tmp_path / "checkpoint", minutes=60), stop or StopFlag())
    return run


def outcome(run: Scripted, tmp_path) -> tuple[int, int | None, float | None]:
    """Epochs run, the best of them and what it was best in."""
    progress = train(run, tmp_path).progress
    return progress.epoch, progress.best_epoch, progress.best_value


LOSSES = [0.9, 0.5, 0.7, 0.6, 0.5, 0.55, 0.1, 0.0]


def test_without_patience_the_lowest_loss_of_all_epochs_is_the_best(tmp_path):
    assert outcome(scripted(LOSSES), tmp_path) == (8, 8, 0.0)


def test_training_stops_once_patience_has_passed_without_a_lower_loss(tmp_path):
    """0.5 comes in epoch 2; epoch 5 equals it and is no better; epochs 7 and 8 never come."""
    assert outcome(scripted(LOSSES, patience=3), tmp_path) == (5, 2, 0.5)


def test_a_better_epoch_within_patience_begins_the_wait_anew(tmp_path):
    assert outcome(scripted(LOSSES, patience=5), tmp_path) == (8, 8, 0.0)


def test_the_weights_of_the_best_epoch_are_those_that_are_left(tmp_path):
    run = train(scripted(LOSSES, patience=3), tmp_path)
    left = run.model.heads["accent"].weight
    assert torch.equal(left, run.weights[2]) and not torch.equal(left, run.weights[5])


def test_the_highest_accuracy_is_monitored_unless_the_loss_is_asked_for(tmp_path):
    accuracies = [0.1, 0.4, 0.8, 0.8, 0.7, 0.9, 0.2, 0.2]
    assert outcome(scripted(accuracies=accuracies, patience=2), tmp_path) == (5, 3, 0.8)


@pytest.mark.parametrize("value", [NAN, math.inf])
def test_a_loss_that_is_no_number_is_never_the_best(tmp_path, value):
    losses = [value, 0.9, value, 0.8, value, value, value, value]
    assert outcome(scripted(losses, patience=4), tmp_path) == (8, 4, 0.8)
    accuracies = [0.9, 0.3, 0.8, 0.4, 0.8, 0.8, 0.8, 0.8]
    by_accuracy = scripted(losses, accuracies, monitor="accuracy")
    assert outcome(by_accuracy, tmp_path) == (8, 4, 0.4)


def test_a_training_without_any_finite_loss_says_so(tmp_path):
    message = (
        r"NET: the validation loss was finite in none of 3 epochs; lower the learning rate "
        r"\(now 0\.1\)"
    )
    with pytest.raises(TrainingError, match=message):
        train(scripted([NAN] * 8, patience=3), tmp_path)


def test_only_an_evaluated_epoch_can_be_the_best_and_the_last(tmp_path):
    """Epochs 3, 6 and 8 are evaluated: 3 is best, and 6 is the first to tell that 2 have passed."""
    run = scripted([0.0, 0.0, 0.5, 0.0, 0.0, 0.6, 0.0, 0.1], patience=2, evaluate_every=3)
    assert outcome(run, tmp_path) == (6, 3, 0.5)
    assert sorted(run.weights) == [3, 6]


def test_the_log_says_how_long_is_left_at_most_and_why_training_stopped(tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="retable")
    train(scripted(LOSSES, patience=3), tmp_path)
    first, *_, last, reason = caplog.messages
    assert first.startswith("NET: epoch 1 of 8, loss ")
    assert ", at most " in first and first.endswith(" s left")
    assert last.startswith("NET: epoch 5 of 8, ")
    assert reason == (
        "NET: stopped after epoch 5 of 8: validation loss was lowest in epoch 2, and patience is 3"
    )


@pytest.mark.parametrize("epoch", [2, 3, 5])
def test_the_wait_for_a_better_epoch_survives_an_interruption(tmp_path, caplog, epoch):
    """Stopped in the best epoch, in the next, and in the one that ends the training."""
    stop = StopFlag()

    class Stopped(Scripted):
        def _train_on(self, batch: Batch) -> None:
            super()._train_on(batch)
            stop.is_set = self.progress.epoch + 1 == epoch

    expected = train(scripted(LOSSES, patience=3), tmp_path / "in one go")
    stopped = scripted(LOSSES, patience=3)
    stopped.__class__ = Stopped
    with pytest.raises(Preempted, match=f"stopped in epoch {epoch}"):
        train(stopped, tmp_path, stop)
    caplog.set_level(logging.INFO, logger="retable")
    resumed = train(scripted(LOSSES, patience=3), tmp_path)
    assert f"NET: resumed in epoch {epoch} of 8" in caplog.messages
    assert resumed.progress.history == expected.progress.history
    assert (resumed.progress.epoch, resumed.progress.best_epoch) == (5, 2)
    left = resumed.model.heads["accent"].weight
    assert torch.equal(left, expected.model.heads["accent"].weight)
