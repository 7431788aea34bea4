"""One training job: what it reads, what it leaves, and that it repeats itself."""

import hashlib
import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from sample_part import (
    CLASSES,
    CLIPS,
    CPU,
    EPOCHS,
    result_bytes,
    sample_part,
    train,
    work_folder,
    write_inputs,
    write_shard,
)
from sample_patches import patch_part, write_patch_inputs

from retable.errors import DataError
from retable.evaluation.predictions import read_predictions
from retable.spec.compute import Compute
from retable.splits.roles import read_roles
from retable.training.batches import Batching
from retable.training.checkpoint import Checkpoint, StopFlag
from retable.training.evaluate import evaluate
from retable.training.loop import RunTrainer
from retable.training.part import build_network
from retable.training.part_input import load_input


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return write_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="module")
def trained(inputs, tmp_path_factory):
    """The outputs of the sample part."""
    return train(tmp_path_factory.mktemp("trained") / "part0", sample_part(), inputs)


def test_every_held_out_clip_is_predicted_once_for_each_task(trained, inputs):
    predictions = read_predictions([trained.predictions])
    table = predictions.table
    assert predictions.classes == CLASSES
    for task, names in CLASSES.items():
        rows = table[table["task"] == task]
        assert sorted(rows["clip_id"]) == [f"clip{clip:02d}" for clip in range(CLIPS)]
        scores = np.stack(rows["scores"].tolist())
        assert scores.shape == (CLIPS, len(names))
        np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)
    labels = pd.read_csv(inputs.dataset, sep="\t").set_index("clip_id")
    for row in table.itertuples(index=False):
        assert row.target == labels.at[row.clip_id, row.task]
    roles = read_roles(inputs.split)
    for fold in (0, 1):
        tested = set(table.loc[table["fold"] == fold, "clip_id"])
        assert tested == set(roles[0, fold]["test"])
    assert set(table["role"]) == {"test"} and set(table["channel"]) == {"mono"}


def test_the_history_has_every_epoch_of_every_run(trained):
    history = pd.read_csv(trained.history, sep="\t")
    columns = ["repeat", "fold", "epoch", "role", "task", "metric", "value"]
    assert history.columns.tolist() == columns
    assert history["fold"].unique().tolist() == [0, 1]
    run = history[history["fold"] == 1]
    assert run["epoch"].unique().tolist() == [*range(1, EPOCHS + 1)]
    kinds = set(run[["role", "task", "metric"]].itertuples(index=False, name=None))
    assert kinds == {
        ("train", "all", "learning_rate"),
        *((role, "all", "loss") for role in ("train", "test")),
        *((role, task, "accuracy") for role in ("train", "test") for task in CLASSES),
    }
    accuracies = history.loc[history["metric"] == "accuracy", "value"]
    assert accuracies.between(0, 1).all()


def test_the_record_says_where_a_result_comes_from(trained, inputs):
    first, second = json.loads(trained.runs.read_text())
    parameters = json.loads(trained.model.read_text())["parameters"]
    assert (first["repeat"], first["fold"], first["seed"]) == (0, 0, 7)
    assert (second["repeat"], second["fold"], second["seed"]) == (0, 1, 8)
    for record in (first, second):
        assert (record["experiment"], record["variant"]) == ("NET", "paper")
        settings = (record["device"], record["precision"], record["epochs"])
        assert settings == ("cpu", "float32", EPOCHS)
        assert record["clips"] == record["samples"] == [{"train": 12, "test": 12}]
        assert record["batch_size"] == 5
        assert record["mixup"] is None and record["warm_start"] is None
        assert record["parameters"]["trainable"] == parameters
        assert record["parameters"]["frozen"] == 0
        assert record["optimizer"]["name"] == "Adam"
        assert record["optimizer"]["initial_learning_rate"] == 0.01
        assert record["optimizer"]["betas"] == [0.9, 0.999]
        assert record["seconds"] > 0
        assert record["spec"] == json.loads(sample_part().canonical())
        assert record["code"] == "code"
        assert record["corpora"] == [
            {
                "dataset": "dataset",
                "source": "simulated",
                "sha256": hashlib.sha256(inputs.dataset.read_bytes()).hexdigest(),
            }
        ]
        assert record["versions"]["torch"]["version"] == torch.__version__.partition("+")[0]
        assert record["versions"]["torch"]["path"] == torch.__file__


def test_the_model_is_described_layer_by_layer(trained):
    model = json.loads(trained.model.read_text())
    assert model["structure"]["filters"] == [4, 8]
    assert model["parameters"] == sum(layer["parameters"] for layer in model["layers"])
    layers = {layer["layer"]: layer for layer in model["layers"]}
    assert layers["stem.0"]["output_shape"] == [4, 12, 10]
    assert layers["heads.emotion"] == {
        "layer": "heads.emotion",
        "type": "Linear",
        "output_shape": [3],
        "parameters": 8 * 3 + 3,
    }


def test_the_weights_give_the_predictions_again(trained, inputs):
    part = sample_part()
    loaded = load_input(inputs, CLASSES, torch.device("cpu"))
    table = read_predictions([trained.predictions]).table
    for run in part.runs:
        network = build_network(part, run, (1, 12, 10), torch.device("cpu"))
        network.load_state_dict(load_file(trained.weights / f"{run.name}.safetensors"))
        samples = loaded.samples(run, 0, part.training)
        tested = [loaded.data.clip_ids[clip] for clip in samples.roles["test"]]
        logits = evaluate(network, samples, "test", Batching(part.training, network, run.seed))
        for task, values in logits.items():
            rows = table[(table["task"] == task) & (table["fold"] == run.fold)]
            expected = dict(zip(rows["clip_id"], rows["scores"], strict=True))
            for clip_id, scores in zip(tested, values.softmax(1), strict=True):
                np.testing.assert_array_equal(scores.numpy(), expected[clip_id])


def test_nothing_but_the_outputs_stays(trained):
    folder = trained.runs.parent
    assert not work_folder(folder).exists()
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*")) == [
        "history.tsv",
        "model.json",
        "models/repeat0-fold0.safetensors",
        "models/repeat0-fold1.safetensors",
        "predictions.parquet",
        "run.json",
    ]


def test_equal_inputs_give_equal_bytes(trained, inputs, tmp_path):
    again = train(tmp_path / "part0", sample_part(), inputs)
    assert result_bytes(again) == result_bytes(trained)


def test_a_run_does_not_depend_on_the_others_of_its_part(trained, inputs, tmp_path):
    """Cutting an experiment into other parts changes no number."""
    part = sample_part()
    alone = part.model_copy(update={"runs": part.runs[1:]})
    weights = train(tmp_path / "part1", alone, inputs).weights / "repeat0-fold1.safetensors"
    assert weights.read_bytes() == (trained.weights / weights.name).read_bytes()


def test_another_seed_gives_other_weights(trained, inputs, tmp_path):
    part = sample_part(runs=1)
    other = part.model_copy(update={"runs": (part.runs[0].model_copy(update={"seed": 99}),)})
    weights = train(tmp_path / "part0", other, inputs).weights / "repeat0-fold0.safetensors"
    assert weights.read_bytes() != (trained.weights / weights.name).read_bytes()


def test_the_history_is_what_the_loop_recorded(trained, inputs, tmp_path):
    part = sample_part()
    device, run = torch.device("cpu"), part.runs[0]
    samples = load_input(inputs, CLASSES, device).samples(run, 0, part.training)
    network = build_network(part, run, (1, 12, 10), device)
    trainer = RunTrainer("NET", network, [samples], part.training, CPU, run.seed)
    trainer.train(Checkpoint(tmp_path / "checkpoint", minutes=60), StopFlag())
    history = pd.read_csv(trained.history, sep="\t")
    written = history[history["fold"] == 0].drop(columns=["repeat", "fold"])
    assert [*written.itertuples(index=False, name=None)] == trainer.progress.history


def test_held_out_roles_are_evaluated_every_so_many_epochs_and_in_the_last(tmp_path):
    files = write_patch_inputs(tmp_path / "inputs")[0]
    part = patch_part("scene", runs=1, epochs=5, evaluate_every=2, selection="best_validation")
    outputs = train(tmp_path / "part0", part, files)
    history = pd.read_csv(outputs.history, sep="\t")
    epochs = {role: sorted(rows["epoch"].unique()) for role, rows in history.groupby("role")}
    assert epochs == {"train": [1, 2, 3, 4, 5], "validation": [2, 4, 5], "test": [2, 4, 5]}
    every = train(tmp_path / "every", patch_part("scene", runs=1, epochs=5), files)
    expected = pd.read_csv(every.history, sep="\t")
    expected = expected[(expected["role"] == "train") | expected["epoch"].isin([2, 4, 5])]
    pd.testing.assert_frame_equal(history, expected.reset_index(drop=True))
    weights = load_file(outputs.weights / "repeat0-fold0.safetensors")
    assert all(torch.isfinite(values).all() for values in weights.values())


def test_training_clips_are_predicted_where_a_fusion_asks_for_it(trained, inputs, tmp_path):
    part = sample_part().model_copy(update={"predict_train": True})
    table = read_predictions([train(tmp_path / "part0", part, inputs).predictions]).table
    roles, clips = read_roles(inputs.split), table.groupby(["fold", "role", "task"])["clip_id"]
    assert {key: sorted(of_key) for key, of_key in clips} == {
        (fold, role, task): sorted(roles[0, fold][role])
        for fold in (0, 1)
        for role in ("train", "test")
        for task in CLASSES
    }
    tested = table[table["role"] == "test"].reset_index(drop=True)
    pd.testing.assert_frame_equal(tested, read_predictions([trained.predictions]).table)


def test_a_network_learns_a_separable_set_by_heart_and_knows_unseen_clips(tmp_path):
    part = sample_part(runs=1, epochs=30)
    part = part.model_copy(update={"model": part.model.model_copy(update={"dropout": 0.0})})
    outputs = train(tmp_path / "part0", part, write_inputs(tmp_path / "inputs", pattern=3.0))
    history = pd.read_csv(outputs.history, sep="\t")
    last = history[history["epoch"] == 30].set_index(["role", "task", "metric"])["value"]
    first = history[history["epoch"] == 1].set_index(["role", "task", "metric"])["value"]
    assert last["train", "all", "loss"] < first["train", "all", "loss"] / 5
    for task in CLASSES:
        assert last["train", task, "accuracy"] == 1
        assert last["test", task, "accuracy"] > 0.9


def test_bfloat16_trains_on_a_cpu_and_keeps_float32_weights(trained, inputs, tmp_path):
    outputs = train(tmp_path / "part0", sample_part(precision="bfloat16"), inputs)
    assert json.loads(outputs.runs.read_text())[0]["precision"] == "bfloat16"
    weights = load_file(outputs.weights / "repeat0-fold0.safetensors")
    dtypes = {value.dtype for value in weights.values() if value.is_floating_point()}
    assert dtypes == {torch.float32}
    exact, rounded = (
        np.concatenate(read_predictions([part.predictions]).table["scores"].tolist())
        for part in (trained, outputs)
    )
    assert (exact != rounded).any()
    assert np.isfinite(rounded).all()
    again = train(tmp_path / "again", sample_part(precision="bfloat16"), inputs)
    assert result_bytes(again) == result_bytes(outputs)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_the_other_optimizers_train_too(inputs, tmp_path, optimizer):
    part = sample_part(runs=1, optimizer=optimizer, momentum=0.9, weight_decay=0.01)
    (record,) = json.loads(train(tmp_path / "part0", part, inputs).runs.read_text())
    assert record["optimizer"]["name"].lower() == optimizer
    assert record["optimizer"]["weight_decay"] == 0.01


def test_a_label_that_is_no_class_is_named_with_its_file(inputs, tmp_path):
    dataset = tmp_path / "dataset.tsv"
    dataset.write_text(inputs.dataset.read_text().replace("calm", "bored"))
    message = r"dataset\.tsv: label 'bored' in column emotion is none of the classes angry, calm"
    with pytest.raises(DataError, match=message):
        train(tmp_path / "part0", sample_part(), replace(inputs, datasets=[dataset]))


def test_a_clip_without_a_feature_is_named(inputs, tmp_path):
    shard = tmp_path / "shard000.npy"
    write_shard(shard, ["clip00", "clip01"], np.zeros((2, 12, 10), dtype=np.float32))
    with pytest.raises(DataError, match="clip 'clip02' is in none of the feature shards"):
        train(tmp_path / "part0", sample_part(), replace(inputs, feature_shards=[shard]))


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_asked_for_and_missing_is_an_error_that_says_what_to_do(inputs, tmp_path):
    with pytest.raises(DataError, match=r"compute\.device is cuda, but torch sees no GPU.*nvidia"):
        train(tmp_path / "part0", sample_part(), inputs, compute=Compute(device="cuda"))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_a_compiled_network_learns_the_same(inputs, tmp_path):
    losses = []
    for compile_it in (False, True):
        part = sample_part(compile=compile_it)
        # A compiled dropout draws other random numbers.
        without_dropout = part.model.model_copy(update={"dropout": 0.0})
        part = part.model_copy(update={"model": without_dropout})
        history = pd.read_csv(train(tmp_path / f"{compile_it}", part, inputs).history, sep="\t")
        losses.append(history[history["metric"] == "loss"]["value"].to_numpy())
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-3)


def test_fast_kernels_are_allowed_where_asked_for(inputs, tmp_path):
    train(tmp_path / "fast", sample_part(determinism="fast"), inputs)
    assert not torch.are_deterministic_algorithms_enabled()
    train(tmp_path / "strict", sample_part(), inputs)
    assert torch.are_deterministic_algorithms_enabled()
