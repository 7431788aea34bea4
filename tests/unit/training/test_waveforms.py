"""Trainings on clips of different lengths: what they leave, and what they refuse."""

import json
import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from sample_part import result_bytes, stopped_in_step, train
from sample_waveforms import (
    CLIPS,
    STEP,
    STEPS_PER_EPOCH,
    STORED,
    clip_lengths,
    waveform_part,
    write_waveform_inputs,
)

from retable.errors import DataError
from retable.evaluation.predictions import read_predictions, score_matrix
from retable.training.part import build_network

SELECTING = {
    "selection": "best_validation", "epochs": 30, "patience": 4, "learning_rate": 0.1,
}  # fmt: skip


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return write_waveform_inputs(tmp_path_factory.mktemp("inputs"))


def record_of(outputs) -> dict:
    (record,) = json.loads(outputs.runs.read_text())
    return record


def role_table(outputs, role: str) -> pd.DataFrame:
    table = read_predictions([outputs.predictions]).table
    return table[table["role"] == role].reset_index(drop=True)


def history_of(outputs, role: str, metric: str) -> pd.Series:
    """Values by epoch."""
    table = pd.read_csv(outputs.history, sep="\t")
    chosen = table[(table["role"] == role) & (table["metric"] == metric)]
    return chosen.set_index("epoch")["value"]


@pytest.mark.parametrize("batching", ["whole", "shortest", "masked"])
def test_a_network_learns_what_tells_waveforms_apart(tmp_path, batching):
    files = write_waveform_inputs(tmp_path / "inputs", noise=0.1)
    part = waveform_part(batching=batching, epochs=60, learning_rate=0.02)
    outputs = train(tmp_path / "part0", part, files)
    assert history_of(outputs, "train", "accuracy")[60] > 0.8
    table = role_table(outputs, "test")
    assert table["clip_id"].tolist() == [f"clip{clip}" for clip in range(27, 36)]
    decided = np.array(["AU", "UK", "US"])[score_matrix(table).argmax(axis=1)]
    assert (decided == table["target"]).mean() > 0.6


def test_the_record_says_what_each_predicted_batch_was_cut_to(inputs, tmp_path):
    part = waveform_part(batching="shortest").model_copy(update={"predict_train": True})
    outputs = train(tmp_path / "part0", part, inputs)
    recorded = record_of(outputs)["batch_lengths"]
    assert {role: len(cuts) for role, cuts in recorded.items()} == {
        "train": 3, "validation": 2, "test": 2,
    }  # fmt: skip
    first = {"train": 0, "validation": CLIPS["train"], "test": CLIPS["train"] + 9}
    for role, cuts in recorded.items():
        lengths = clip_lengths()[first[role] :][: CLIPS[role]]
        assert min(cuts) == lengths.min() and set(cuts) <= set(lengths)
    trained = history_of(outputs, "train", "batch_length")
    assert trained.index.tolist() == [1, 2, 3, 4, 5, 6]
    assert trained.between(clip_lengths().min(), STORED).all() and trained.nunique() > 1


def test_without_cutting_there_are_no_batch_lengths(inputs, tmp_path):
    record = record_of(train(tmp_path / "part0", waveform_part(batching="masked"), inputs))
    assert record["batch_lengths"] is None
    assert (record["selection"], record["best_epoch"], record["patience"]) == ("last", None, None)


@pytest.mark.parametrize("batching", ["shortest", "masked"])
def test_predictions_are_as_good_as_the_history_says_of_the_best_epoch(inputs, tmp_path, batching):
    """Batches of validation clips are the same in every epoch and at the end."""
    outputs = train(tmp_path / "part0", waveform_part(batching=batching, **SELECTING), inputs)
    best = record_of(outputs)["best_epoch"]
    table = role_table(outputs, "validation")
    decided = np.array(["AU", "UK", "US"])[score_matrix(table).argmax(axis=1)]
    accuracy = (decided == table["target"]).mean()
    assert history_of(outputs, "validation", "accuracy")[best] == pytest.approx(accuracy)
    of_target = score_matrix(table)[np.arange(9), np.arange(9) % 3]
    loss = history_of(outputs, "validation", "loss")[best]
    assert loss == pytest.approx(-np.log(of_target).mean(), rel=1e-4)


@pytest.mark.parametrize("monitor", ["loss", "accuracy"])
def test_the_record_says_how_long_a_training_waited_for_a_better_epoch(inputs, tmp_path, monitor):
    part = waveform_part(batching="masked", monitor=monitor, **SELECTING)
    outputs = train(tmp_path / "part0", part, inputs)
    record, values = record_of(outputs), history_of(outputs, "validation", monitor)
    assert record["best_epoch"] == (values.idxmin() if monitor == "loss" else values.idxmax())
    assert record["epochs"] == record["best_epoch"] + 4 == values.index.max() < 30
    assert (record["selection"], record["patience"]) == ("best_validation", 4)


def test_the_seed_decides_what_cut_clips_are_predicted_with(inputs, tmp_path):
    part = waveform_part(batching="shortest")
    first, again = (train(tmp_path / name, part, inputs) for name in ("first", "again"))
    assert result_bytes(first) == result_bytes(again)
    other = part.model_copy(update={"runs": (part.runs[0].model_copy(update={"seed": 99}),)})
    drawn = [record_of(train(tmp_path / "other", other, inputs)), record_of(first)]
    assert drawn[0]["batch_lengths"] != drawn[1]["batch_lengths"]


def test_a_masked_clip_is_predicted_as_if_it_were_alone(inputs, tmp_path):
    part = waveform_part(batching="masked")
    outputs = train(tmp_path / "part0", part, inputs)
    network = build_network(part, part.runs[0], (1, STORED), torch.device("cpu"))
    network.load_state_dict(load_file(outputs.weights / "repeat0-fold0.safetensors"))
    network.eval()
    waves = np.load(inputs.feature_shards[0]).astype(np.float32)[27:]
    for scores, wave, length in zip(
        role_table(outputs, "test")["scores"], waves, clip_lengths()[27:], strict=True
    ):
        alone = torch.from_numpy(wave[: length // STEP * STEP]).reshape(1, 1, -1)
        with torch.no_grad():
            expected = network(alone)["accent"].softmax(1)[0]
        np.testing.assert_allclose(scores, expected.numpy(), rtol=1e-4)


@pytest.mark.parametrize("batching", ["shortest", "masked"])
@pytest.mark.parametrize("step", [2, STEPS_PER_EPOCH, 4 * STEPS_PER_EPOCH + 1])
def test_a_stopped_training_goes_on_to_the_same_bytes(inputs, tmp_path, caplog, batching, step):
    """Stopped within an epoch, after its last step, and in a later one."""
    part = waveform_part(batching=batching)
    in_one_go = train(tmp_path / "reference", part, inputs)
    with stopped_in_step(step):
        train(tmp_path / "part0", part, inputs)
    caplog.set_level(logging.INFO, logger="retable")
    resumed = train(tmp_path / "part0", part, inputs)
    assert any("repeat0-fold0: resumed in epoch" in message for message in caplog.messages)
    assert result_bytes(resumed) == result_bytes(in_one_go)
    assert record_of(resumed)["batch_lengths"] == record_of(in_one_go)["batch_lengths"]


def test_a_training_stopped_in_its_last_step_before_patience_ends_goes_on_to_the_same_bytes(
    inputs, tmp_path
):
    part = waveform_part(batching="shortest", **SELECTING)
    in_one_go = train(tmp_path / "reference", part, inputs)
    epochs = record_of(in_one_go)["epochs"]
    assert epochs < part.training.epochs
    with stopped_in_step(epochs * STEPS_PER_EPOCH):
        train(tmp_path / "part0", part, inputs)
    resumed = train(tmp_path / "part0", part, inputs)
    assert result_bytes(resumed) == result_bytes(in_one_go)
    assert record_of(resumed)["epochs"] == epochs


@pytest.mark.parametrize("batching", ["whole", "shortest", "masked"])
def test_clips_shorter_than_a_step_of_the_network_are_named(tmp_path, batching):
    lengths = clip_lengths()
    lengths[[3, 20]] = STEP - 1, 1
    files = write_waveform_inputs(tmp_path / "inputs", lengths)
    message = (
        r"dataset\.tsv: the network classifier_attention needs clips of at least 4 samples of the "
        r"feature, one of its steps; shorter are 'clip03' \(3\), 'clip20' \(1\)\. Leave them out "
        r"by `where` of the dataset in the corpus' YAML, or give the feature a higher rate"
    )
    with pytest.raises(DataError, match=message):
        train(tmp_path / "part0", waveform_part(batching=batching), files)


def test_clips_of_one_step_are_enough(tmp_path):
    lengths = clip_lengths()
    lengths[::7] = STEP
    files = write_waveform_inputs(tmp_path / "inputs", lengths)
    record = record_of(train(tmp_path / "part0", waveform_part(batching="shortest"), files))
    assert min(record["batch_lengths"]["test"]) == STEP


def test_other_lengths_start_a_stopped_training_afresh(inputs, tmp_path, caplog):
    part = waveform_part(batching="masked")
    with stopped_in_step(4):
        train(tmp_path / "part0", part, inputs)
    shard = tmp_path / "shard000.npy"
    shard.write_bytes(inputs.feature_shards[0].read_bytes())
    index = json.loads(inputs.feature_shards[0].with_suffix(".json").read_text())
    index["lengths"][0] -= 1
    shard.with_suffix(".json").write_text(json.dumps(index))
    caplog.set_level(logging.INFO, logger="retable")
    train(tmp_path / "part0", part, replace(inputs, feature_shards=[shard]))
    assert "NET: spec, code or data changed; starting afresh" in caplog.messages
