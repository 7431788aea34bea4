"""The training loop on tensors."""

import logging

import pytest
import torch
from sample_network import Classifier
from torch import nn

from retable.errors import TrainingError
from retable.spec.compute import Compute
from retable.spec.training import Training
from retable.training.batches import Batch
from retable.training.checkpoint import Checkpoint, StopFlag
from retable.training.data import ClipData
from retable.training.loop import RunTrainer
from retable.training.samples import Samples

CPU = Compute(device="cpu")


def clips(number: int, noise: float = 1.0) -> ClipData:
    generator = torch.Generator().manual_seed(3)
    emotion = torch.arange(number) % 3
    song = torch.arange(number) % 2
    features = noise * torch.randn(number, 1, 1, 6, generator=generator)
    features[:, 0, 0, :3] += nn.functional.one_hot(emotion, 3)
    features[:, 0, 0, 3:5] += nn.functional.one_hot(song, 2)
    names = tuple(f"clip{clip:02d}" for clip in range(number))
    return ClipData(names, features, {"emotion": emotion, "speech_song": song})


def trainer(data: ClipData, roles: dict[str, range], **training: object) -> RunTrainer:
    torch.manual_seed(1)
    fields = {"epochs": 3, "batch_size": 4, "optimizer": "sgd", "learning_rate": 0.1, **training}
    model = Classifier({"emotion": 3, "speech_song": 2})
    samples = Samples(data, {role: data.clip_ids[of.start : of.stop] for role, of in roles.items()})
    spec = Training.model_validate(fields)
    return RunTrainer("NET paper repeat0-fold1", model, [samples], spec, CPU, seed=5)


def run(trained: RunTrainer, tmp_path) -> RunTrainer:
    trained.train(Checkpoint(tmp_path / "run.checkpoint", minutes=60), StopFlag())
    return trained


def test_every_epoch_takes_every_training_clip_once_in_a_new_order(tmp_path):
    data = clips(20)
    trained = run(trainer(data, {"train": range(12), "test": range(12, 20)}), tmp_path)
    batches = trained.model.batches
    assert [len(batch) for batch in batches] == [4, 4, 4] * 3
    orders = []
    for epoch in range(3):
        taken = torch.cat(batches[3 * epoch : 3 * epoch + 3])
        matches = (taken[:, None] == data.features[None, :12]).flatten(2).all(2)
        assert (matches.sum(0) == 1).all()
        orders.append(matches.int().argmax(1).tolist())
    assert orders[0] != orders[1] != orders[2] != sorted(orders[0])


def test_a_last_batch_of_one_clip_waits_for_its_next_turn(tmp_path):
    trained = run(trainer(clips(20), {"train": range(13)}), tmp_path)
    assert [len(batch) for batch in trained.model.batches] == [4, 4, 4] * 3
    other = run(trainer(clips(20), {"train": range(14)}), tmp_path)
    assert [len(batch) for batch in other.model.batches] == [4, 4, 4, 2] * 3


def test_training_accuracy_and_loss_are_means_over_the_clips_that_were_trained_on(tmp_path):
    """Without a step, the epoch's means are those of the initial weights."""
    data = clips(20)
    trained = trainer(data, {"train": range(14)}, epochs=1, learning_rate=1e-30)
    logits = trained.model.eval()(data.features[:14])
    expected = {
        task: float((values.argmax(1) == data.targets[task][:14]).float().mean())
        for task, values in logits.items()
    }
    loss = sum(
        nn.functional.cross_entropy(values, data.targets[task][:14])
        for task, values in logits.items()
    )
    run(trained, tmp_path)
    history = {row[1:4]: row[4] for row in trained.progress.history}
    assert history["train", "all", "loss"] == pytest.approx(loss.item())
    assert history["train", "emotion", "accuracy"] == pytest.approx(expected["emotion"])
    assert history["train", "speech_song", "accuracy"] == pytest.approx(expected["speech_song"])


ROLES = {"train": range(12), "validation": range(12, 20), "test": range(20, 28)}


@pytest.mark.parametrize("role", ["validation", "test"])
def test_selection_keeps_the_first_epoch_with_the_best_accuracy(tmp_path, monkeypatch, role):
    weights = []

    class Watched(RunTrainer):
        def _finish_epoch(self) -> None:
            super()._finish_epoch()
            weights.append({key: value.clone() for key, value in self.model.state_dict().items()})

    monkeypatch.setattr(f"{__name__}.RunTrainer", Watched)
    fields = {"epochs": 12, "learning_rate": 0.3}
    last = run(trainer(clips(28, noise=2.0), ROLES, **fields), tmp_path)
    accuracies = [
        sum(
            row[4]
            for row in last.progress.history
            if (row[0], row[1], row[3]) == (epoch, role, "accuracy")
        )
        / 2
        for epoch in range(1, 13)
    ]
    best = accuracies.index(max(accuracies))
    assert accuracies.count(max(accuracies)) > 1, "the example needs a tie"
    assert best < 11, "the example needs a best epoch that is not the last"
    last_weights, of_epochs = last.model.state_dict(), list(weights)
    assert all(torch.equal(of_epochs[11][key], last_weights[key]) for key in last_weights)

    selection = f"best_{role}"
    chosen = run(trainer(clips(28, noise=2.0), ROLES, selection=selection, **fields), tmp_path)
    chosen_weights = chosen.model.state_dict()
    assert all(torch.equal(of_epochs[best][key], chosen_weights[key]) for key in chosen_weights)


def test_the_learning_rate_of_each_epoch_is_set_and_recorded(tmp_path):
    seen = []

    class Watched(RunTrainer):
        def _train_on(self, batch: Batch) -> None:
            seen.append(self.optimizer.param_groups[0]["lr"])
            super()._train_on(batch)

    plain = trainer(clips(20), {"train": range(8)}, epochs=5, decay_every=2, decay_factor=0.5)
    plain.__class__ = Watched
    run(plain, tmp_path)
    assert seen == [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.025, 0.025]
    rates = [row[4] for row in plain.progress.history if row[3] == "learning_rate"]
    assert rates == [0.1, 0.1, 0.05, 0.05, 0.025]


def test_a_training_that_diverges_names_the_run_and_the_learning_rate(tmp_path):
    diverging = trainer(clips(20), {"train": range(12)}, learning_rate=1e38)
    message = (
        r"NET paper repeat0-fold1: the loss is (inf|nan) in epoch \d; "
        r"lower the learning rate \(now 1e\+38\)"
    )
    with pytest.raises(TrainingError, match=message):
        run(diverging, tmp_path)


def test_a_feature_that_is_no_number_ends_the_training(tmp_path):
    data = clips(20)
    data.features[3, 0, 0, 0] = float("nan")
    message = r"NET paper repeat0-fold1: the loss is nan in epoch 1; .*learning rate \(now 0\.1\)"
    with pytest.raises(TrainingError, match=message):
        run(trainer(data, {"train": range(12)}), tmp_path)


def test_progress_is_logged_with_what_is_left(tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="retable")
    run(trainer(clips(20), {"train": range(12), "test": range(12, 20)}), tmp_path)
    last = caplog.messages[-1]
    assert last.startswith("NET paper repeat0-fold1: epoch 3 of 3, loss ")
    assert "emotion train " in last and " / test " in last and last.endswith(" 0 s left")
