"""The same promises on a GPU."""

import json
import logging

import pytest
import torch
from safetensors.torch import load_file
from sample_crops import REGISTERED, crop_part, train_crops, write_crop_inputs
from sample_part import result_bytes, sample_part, stopped_in_step, train, write_inputs
from sample_patches import mixed_part, write_patch_inputs
from sample_waveforms import waveform_part, write_waveform_inputs

from retable.evaluation.predictions import read_predictions, score_matrix
from retable.registry import MODELS
from retable.spec.compute import Compute

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")

GPU = Compute(device="cuda", checkpoint_minutes=60)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return write_inputs(tmp_path_factory.mktemp("inputs"))


def test_a_gpu_is_taken_where_there_is_one(inputs, tmp_path):
    outputs = train(tmp_path / "part0", sample_part(), inputs, compute=Compute(device="auto"))
    records = json.loads(outputs.runs.read_text())
    assert {record["device"] for record in records} == {torch.cuda.get_device_name()}


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_equal_inputs_give_equal_bytes(inputs, tmp_path, precision):
    first, second = (
        train(tmp_path / name, sample_part(precision=precision), inputs, compute=GPU)
        for name in ("first", "second")
    )
    assert result_bytes(first) == result_bytes(second)
    weights = load_file(first.weights / "repeat0-fold0.safetensors")
    assert all(torch.isfinite(value).all() for value in weights.values())


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_stopped_training_goes_on_to_the_same_bytes(inputs, tmp_path, precision, caplog):
    part = sample_part(precision=precision)
    in_one_go = train(tmp_path / "reference", part, inputs, compute=GPU)
    with stopped_in_step(8):
        train(tmp_path / "part0", part, inputs, compute=GPU)
    caplog.set_level(logging.INFO, logger="retable")
    resumed = train(tmp_path / "part0", part, inputs, compute=GPU)
    assert any("resumed in epoch 3" in message for message in caplog.messages)
    assert result_bytes(resumed) == result_bytes(in_one_go)


def test_a_checkpoint_of_another_kind_of_device_is_not_gone_on_with(inputs, tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="retable")
    stale = tmp_path / "part0.work" / "of-the-cpu"
    stale.mkdir(parents=True)
    train(tmp_path / "part0", sample_part(), inputs, compute=GPU)
    assert "NET: spec, code or data changed; starting afresh" in caplog.messages
    assert not stale.exists()


def test_mixtures_stopped_and_gone_on_with_give_the_same_bytes(tmp_path):
    inputs = write_patch_inputs(tmp_path / "inputs")
    part = mixed_part(frozen=["stem.*"])
    in_one_go = train(tmp_path / "reference", part, *inputs, compute=GPU)
    with stopped_in_step(8):
        train(tmp_path / "part0", part, *inputs, compute=GPU)
    resumed = train(tmp_path / "part0", part, *inputs, compute=GPU)
    assert result_bytes(resumed) == result_bytes(in_one_go)


@pytest.mark.parametrize("batching", ["shortest", "masked"])
def test_clips_of_different_lengths_give_finite_scores_and_the_same_bytes_again(tmp_path, batching):
    inputs = write_waveform_inputs(tmp_path / "inputs")
    part = waveform_part(batching=batching)
    in_one_go = train(tmp_path / "reference", part, inputs, compute=GPU)
    with stopped_in_step(8):
        train(tmp_path / "part0", part, inputs, compute=GPU)
    resumed = train(tmp_path / "part0", part, inputs, compute=GPU)
    assert result_bytes(resumed) == result_bytes(in_one_go)
    weights = load_file(resumed.weights / "repeat0-fold0.safetensors")
    assert all(torch.isfinite(value).all() for value in weights.values())
    scores = score_matrix(read_predictions([resumed.predictions]).table)
    torch.testing.assert_close(torch.from_numpy(scores).sum(1), torch.ones(len(scores)))


def test_random_crops_and_embeddings_stopped_and_gone_on_with_give_the_same_bytes(
    tmp_path, monkeypatch
):
    for kind, place in REGISTERED.items():
        monkeypatch.setitem(MODELS, kind, place)
    inputs = write_crop_inputs(tmp_path / "inputs")
    part = crop_part(embed=True, crop="random")
    in_one_go = train_crops(tmp_path / "reference", part, inputs, compute=GPU)
    with stopped_in_step(5):
        train_crops(tmp_path / "part0", part, inputs, compute=GPU)
    resumed = train_crops(tmp_path / "part0", part, inputs, compute=GPU)
    assert result_bytes(resumed) == result_bytes(in_one_go)
    assert resumed.embeddings.read_bytes() == in_one_go.embeddings.read_bytes()
