"""Training on mixtures of two inputs."""

import json
import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from sample_network import Classifier
from sample_part import result_bytes, stopped_in_step, train
from sample_patches import (
    CHANNELS,
    CLASSES,
    CLIPS,
    PATCHES,
    mixed_part,
    write_patch_inputs,
)

from retable.errors import ConfigError, DataError
from retable.evaluation.predictions import read_predictions
from retable.spec.compute import Compute
from retable.spec.training import Training
from retable.training.checkpoint import Checkpoint, StopFlag
from retable.training.data import ClipData
from retable.training.loop import RunTrainer
from retable.training.samples import Samples
from retable.training.standardisation import write_standardisation

SCENES, EVENTS = 14, 5
"""Training samples of each input of `pairs_of`."""
EPOCHS = 4


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return write_patch_inputs(tmp_path_factory.mktemp("inputs") / "patches")


@pytest.fixture(scope="module")
def trained(inputs, tmp_path_factory):
    """The outputs of the mixed part."""
    return train(tmp_path_factory.mktemp("trained") / "part0", mixed_part(), *inputs)


def numbered(task: str, train: int, unit: float) -> Samples:
    """Clips of one sample, all of whose values are its number times `unit`; the last are tested."""
    values = unit * torch.arange(train + 3).reshape(-1, 1, 1, 1).repeat(1, 1, 1, 6).float()
    names = tuple(f"{task}{clip:02d}" for clip in range(train + 3))
    data = ClipData(names, values, {task: torch.arange(train + 3) % 2})
    return Samples(data, {"train": names[:train], "test": names[train:]})


def pairs_of(redraw: str, tmp_path) -> list[list[tuple[int, int]]]:
    """Epoch -> pairs of numbers that the network was trained on, read from the mixtures."""
    fields = {"epochs": EPOCHS, "batch_size": 4, "optimizer": "sgd", "learning_rate": 1e-9}
    training = Training.model_validate(fields | {"mixup": {"weight": 0.5, "redraw": redraw}})
    inputs = [numbered("scene", SCENES, 200.0), numbered("event", EVENTS, 2.0)]
    model = Classifier({"scene": 2, "event": 2})
    trainer = RunTrainer("NET", model, inputs, training, Compute(), seed=3)
    trainer.train(Checkpoint(tmp_path / "checkpoint", minutes=60), StopFlag())
    mixtures = torch.cat(model.batches)[:, 0, 0, 0].int().reshape(EPOCHS, SCENES)
    return [[divmod(int(mixture), 100) for mixture in epoch] for epoch in mixtures]


@pytest.mark.parametrize("redraw", ["epoch", "once"])
def test_an_epoch_takes_every_scene_once_and_gives_it_a_training_event(tmp_path, redraw):
    epochs = pairs_of(redraw, tmp_path)
    for pairs in epochs:
        assert sorted(scene for scene, _ in pairs) == [*range(SCENES)]
    assert len({tuple(scene for scene, _ in pairs) for pairs in epochs}) == EPOCHS
    assert {event for pairs in epochs for _, event in pairs} <= {*range(EVENTS)}


def test_partners_are_new_in_every_epoch(tmp_path):
    partners = [
        tuple(dict(pairs)[scene] for scene in range(SCENES))
        for pairs in pairs_of("epoch", tmp_path)
    ]
    assert len(set(partners)) == EPOCHS
    assert len({event for drawn in partners for event in drawn}) == EVENTS


def test_partners_stay_the_same_throughout_where_they_are_drawn_once(tmp_path):
    partners = {tuple(sorted(pairs)) for pairs in pairs_of("once", tmp_path)}
    assert len(partners) == 1


def test_every_sample_of_held_out_clips_is_predicted_for_its_own_tasks(trained, inputs):
    predictions = read_predictions([trained.predictions])
    table = predictions.table
    assert predictions.classes == CLASSES
    for files in inputs:
        task = files.dataset.stem
        roles = pd.read_csv(files.split, sep="\t")
        labels = pd.read_csv(files.dataset, sep="\t").set_index("clip_id")[task]
        rows = table[table["task"] == task]
        expected = {
            (row.fold, row.role, row.clip_id, channel, segment)
            for row in roles[roles["role"] != "train"].itertuples()
            for channel in CHANNELS[task]
            for segment in range(PATCHES[task])
        }
        key = ["fold", "role", "clip_id", "channel", "segment"]
        assert set(rows[key].itertuples(index=False, name=None)) == expected
        assert len(rows) == len(expected)
        assert (labels[rows["clip_id"]].to_numpy() == rows["target"]).all()
        np.testing.assert_allclose(np.stack(rows["scores"]).sum(axis=1), 1, rtol=1e-5)
        assert {len(scores) for scores in rows["scores"]} == {len(CLASSES[task])}


def test_the_history_has_the_losses_of_mixtures_and_of_each_held_out_role(trained):
    history = pd.read_csv(trained.history, sep="\t")
    kinds = set(history[["role", "task", "metric"]].itertuples(index=False, name=None))
    roles = ("train", "validation", "test")
    assert kinds == {
        ("train", "all", "learning_rate"),
        *((role, "all", "loss") for role in roles),
        *((role, task, "accuracy") for role in roles for task in CLASSES),
    }


def test_validation_samples_may_be_mixed_for_the_history_alone(trained, inputs, tmp_path):
    mixed = train(tmp_path / "part0", mixed_part(mixup={"validation": "mixed"}), *inputs)
    assert mixed.predictions.read_bytes() == trained.predictions.read_bytes()
    pure, other = (pd.read_csv(part.history, sep="\t") for part in (trained, mixed))
    key = ["repeat", "fold", "epoch", "role", "task", "metric"]
    assert other[key].equals(pure[key])
    changed = other[other["value"] != pure["value"]]
    assert set(changed["role"]) == {"validation"}
    assert {"loss", "accuracy"} >= set(changed["metric"]) > set()


def test_the_record_says_what_was_mixed(trained):
    record = json.loads(trained.runs.read_text())[1]
    assert record["mixup"] == {
        "weight": 0.5, "redraw": "epoch", "held_out": "pure", "validation": "pure",
    }  # fmt: skip
    assert [corpus["dataset"] for corpus in record["corpora"]] == ["scene", "event"]
    assert [corpus["source"] for corpus in record["corpora"]] == [
        "simulated scenes",
        "simulated events",
    ]
    assert record["clips"] == [CLIPS, CLIPS]
    assert record["samples"] == [
        {role: clips * samples for role, clips in CLIPS.items()} for samples in (3 * 3, 2)
    ]
    assert (record["batch_size"], record["epochs"]) == (16, 3)


def test_the_model_is_described_with_the_shape_of_a_patch(trained):
    layers = {layer["layer"]: layer for layer in json.loads(trained.model.read_text())["layers"]}
    assert layers["stem.0"]["output_shape"] == [4, 12, 10]
    assert {f"heads.{task}" for task in CLASSES} <= set(layers)


def test_what_test_clips_sound_like_reaches_neither_weights_nor_standardisation(
    trained, inputs, tmp_path
):
    """Other features of the test clips: the same weights, to the bit, and other predictions."""
    (tmp_path / "scene").mkdir()
    scenes = inputs[0]
    roles = pd.read_csv(scenes.split, sep="\t")
    tested = set(roles.loc[roles["role"] == "test", "clip_id"])
    (shard,) = scenes.feature_shards
    features = np.load(shard)
    index = json.loads(shard.with_suffix(".json").read_text())
    features[[clip in tested for clip in index["clip_ids"]]] *= 3
    other = replace(
        scenes,
        feature_shards=[tmp_path / "scene" / shard.name],
        standardisation=tmp_path / "scene" / "standardisation.tsv",
    )
    np.save(other.feature_shards[0], features)
    other.feature_shards[0].with_suffix(".json").write_text(json.dumps(index))
    write_standardisation(
        other.feature_shards, other.split, "band_and_channel", other.standardisation
    )
    assert other.standardisation.read_bytes() == scenes.standardisation.read_bytes()
    outputs = train(tmp_path / "part0", mixed_part(), other, inputs[1])
    ours, theirs = result_bytes(outputs), result_bytes(trained)
    assert ours["repeat0-fold1.safetensors"] == theirs["repeat0-fold1.safetensors"]
    assert ours["predictions.parquet"] != theirs["predictions.parquet"]


def test_the_redraw_and_the_weight_matter(trained, inputs, tmp_path):
    weights = "repeat0-fold0.safetensors"
    for name, changed in {"redraw": {"redraw": "once"}, "weight": {"weight": 0.6}}.items():
        outputs = train(tmp_path / name, mixed_part(runs=1, **changed), *inputs)
        assert result_bytes(outputs)[weights] != result_bytes(trained)[weights]


@pytest.mark.parametrize("redraw", ["epoch", "once"])
@pytest.mark.parametrize("step", [3, 8, 15])
def test_partners_survive_an_interruption(inputs, tmp_path, caplog, redraw, step):
    """Five steps an epoch: stopped in the first, in the second, and after the last of a run."""
    part = mixed_part(redraw=redraw)
    in_one_go = train(tmp_path / "reference", part, *inputs)
    with stopped_in_step(step):
        train(tmp_path / "part0", part, *inputs)
    caplog.set_level(logging.INFO, logger="retable")
    resumed = train(tmp_path / "part0", part, *inputs)
    assert any("repeat0-fold0: resumed in epoch" in message for message in caplog.messages)
    assert result_bytes(resumed) == result_bytes(in_one_go)


@pytest.mark.parametrize("change", ["standardisation", "split"])
def test_another_split_or_standardisation_starts_afresh(inputs, tmp_path, caplog, change):
    with stopped_in_step(8):
        train(tmp_path / "part0", mixed_part(), *inputs)
    path = getattr(inputs[1], change)
    other = replace(inputs[1], **{change: tmp_path / path.name})
    lines = path.read_text().splitlines()
    (tmp_path / path.name).write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n")
    caplog.set_level(logging.INFO, logger="retable")
    train(tmp_path / "part0", mixed_part(), inputs[0], other)
    assert "NET: spec, code or data changed; starting afresh" in caplog.messages


def test_patches_of_two_shapes_cannot_be_mixed(inputs, tmp_path):
    wider = write_patch_inputs(tmp_path / "inputs", shape=(12, 14))
    message = r"adds patches of one shape, and these are of 12x10 and 12x14"
    with pytest.raises(ConfigError, match=message):
        train(tmp_path / "part0", mixed_part(), inputs[0], wider[1])


def test_a_fold_that_a_split_or_a_standardisation_lacks_is_named(inputs, tmp_path):
    for field in ("split", "standardisation"):
        path = getattr(inputs[1], field)
        table = pd.read_csv(path, sep="\t")
        table[table["fold"] == 0].to_csv(tmp_path / path.name, sep="\t", index=False)
        other = replace(inputs[1], **{field: tmp_path / path.name})
        message = (
            rf"{path.name}: has no repeat 0 fold 1, which repeat0-fold1 needs; "
            r"it has repeat 0 fold 0\."
        )
        with pytest.raises(DataError, match=message):
            train(tmp_path / f"part-{field}", mixed_part(), inputs[0], other)


def test_a_standardisation_of_other_features_is_named(inputs, tmp_path):
    other = replace(inputs[1], standardisation=inputs[0].standardisation)
    message = r"is of 3 channels of 12 bands, but the features have 1 of 12"
    with pytest.raises(DataError, match=message):
        train(tmp_path / "part0", mixed_part(), inputs[0], other)
