"""Training on clips of other datasets too, which are never held out."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from sample_part import CLASSES, SHAPE, sample_part, train, write_shard
from sample_patches import mixed_part, write_patch_inputs

from retable.baselines.part import fit_part
from retable.errors import DataError
from retable.evaluation.predictions import read_predictions
from retable.spec.part import Part
from retable.spec.split import Shares
from retable.splits.files import write_split
from retable.splits.roles import read_roles
from retable.training.example_clips import first_clips
from retable.training.inputs import InputFiles, input_files
from retable.training.part_input import load_input
from retable.training.standardisation import read_standardisation, write_standardisation
from retable.tsv import read_tsv

CPU = torch.device("cpu")
OWN, EXTRA, DRAWN = 30, 40, 12
"""Clips of the dataset that is split, of the other one, and how many of those train."""
TRAINED, TESTED = 24, 6
"""80 % and 20 % of the former."""
SPLIT = Shares.model_validate(
    {
        "kind": "shares",
        "shares": {"train": 0.8, "test": 0.2},
        "stratify": "emotion",
        "seed": 1,
        "extra": [{"dataset": "another-all", "clips": DRAWN}],
    }
)
SVM = {"kind": "svm", "c": 1.0, "gamma": "scale", "multitask": "none"}


def write_inputs(folder, shape=SHAPE) -> InputFiles:
    """Two datasets of noise, and a split of the first with extra clips of the second.

    What tells the emotions apart is in the clips that are tested and in those of the second dataset
    alone: who is trained without these must guess.
    """
    generator = np.random.default_rng(0)
    tables, features = {}, {}
    for name, clips in {"main-all": OWN, "another-all": EXTRA}.items():
        # Of the second dataset no clip is calm.
        names = ("angry", "calm", "sad") if name == "main-all" else ("angry", "sad")
        tables[name] = pd.DataFrame(
            {
                "clip_id": [f"{name}-{clip:02d}" for clip in range(clips)],
                "speaker": "01",
                "group": "",
                "emotion": [names[clip % len(names)] for clip in range(clips)],
                "speech_song": "speech" if name == "another-all" else "song",
            }
        )
        tables[name].to_csv(folder / f"{name}.tsv", sep="\t", index=False)
        features[name] = generator.standard_normal((clips, *shape))
    datasets = [folder / f"{name}.tsv" for name in tables]
    split = [folder / name for name in ("roles.tsv", "audit.tsv", "split.json")]
    write_split(datasets, folder / "rejected.tsv", SPLIT, *split)
    tested = tables["main-all"]["clip_id"].isin(read_roles(split[0])[0, 0]["test"])
    patterns = dict(zip(CLASSES["emotion"], generator.standard_normal((3, *shape)), strict=True))
    for name, patterned in {"main-all": tested, "another-all": np.full(EXTRA, True)}.items():
        for row in np.flatnonzero(patterned):
            features[name][row] += 3 * patterns[tables[name]["emotion"][row]]
    for name, table in tables.items():
        values = features[name].astype(np.float32)
        write_shard(folder / f"{name}.npy", table["clip_id"].tolist(), values)
    shards = [folder / f"{name}.npy" for name in tables]
    return InputFiles(datasets, shards, split[0], None, ["upstream", "simulated"])


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return write_inputs(tmp_path_factory.mktemp("inputs"))


def test_an_input_is_read_from_what_a_rule_names(tmp_path):
    files = input_files(
        {
            "datasets": ["datasets/main-all.tsv", "datasets/another-all.tsv"],
            "features": ["main-all/shard000.npy", "another-all/shard000.npy"],
            "split": "roles.tsv",
            "standardisation": "",
            "sources": ["upstream", "simulated"],
        }
    )
    assert files.dataset.stem == "main-all"
    assert [table.stem for table in files.datasets] == ["main-all", "another-all"]
    assert files.sources == ["upstream", "simulated"] and files.standardisation is None


def test_of_the_other_dataset_only_the_clips_that_train_are_in_memory(inputs):
    loaded = load_input(inputs, CLASSES, CPU)
    own = [clip for clip in loaded.data.clip_ids if clip.startswith("main-all")]
    assert len(own) == OWN and len(loaded.data.clip_ids) == OWN + DRAWN
    assert set(loaded.data.clip_ids) == {
        clip for clips in loaded.roles[0, 0].values() for clip in clips
    }
    labels = pd.concat(read_tsv(table, ("clip_id",)) for table in inputs.datasets)
    labels = labels.set_index("clip_id")
    for task, names in CLASSES.items():
        decoded = [names[target] for target in loaded.data.targets[task]]
        assert decoded == labels.loc[list(loaded.data.clip_ids), task].tolist()


def test_a_network_trains_on_both_and_predicts_the_test_clips_of_the_first(inputs, tmp_path):
    outputs = train(tmp_path / "part0", sample_part(runs=1), inputs)
    (record,) = json.loads(outputs.runs.read_text())
    assert record["clips"] == [{"test": TESTED, "train": TRAINED + DRAWN}]
    assert record["corpora"] == [
        {"dataset": "main-all", "source": "upstream", "sha256": record["corpora"][0]["sha256"]},
        {"dataset": "another-all", "source": "simulated", "sha256": record["corpora"][1]["sha256"]},
    ]
    assert record["corpora"][0]["sha256"] != record["corpora"][1]["sha256"]
    table = read_predictions([outputs.predictions]).table
    predicted = table.loc[table["task"] == "emotion", "clip_id"].tolist()
    assert sorted(predicted) == sorted(read_roles(inputs.split)[0, 0]["test"])
    assert all(clip.startswith("main-all") for clip in predicted)


def test_training_clips_of_both_are_predicted_where_a_fusion_asks_for_them(inputs, tmp_path):
    part = sample_part(runs=1, epochs=1).model_copy(update={"predict_train": True})
    table = read_predictions([train(tmp_path / "part0", part, inputs).predictions]).table
    roles = read_roles(inputs.split)[0, 0]
    for role in ("train", "test"):
        rows = table[(table["role"] == role) & (table["task"] == "emotion")]
        assert sorted(rows["clip_id"]) == sorted(roles[role])


def test_a_baseline_learns_from_the_extra_clips(tmp_path):
    """Only there is anything to learn: the training clips of the first dataset are noise."""
    files = write_inputs(tmp_path, shape=(40,))
    fields = {"experiment": "SVM", "variant": "paper", "model": SVM, "training": None}
    fields |= {"tasks": [[*CLASSES]], "classes": CLASSES}
    part = Part.model_validate(fields | {"runs": [{"repeat": 0, "fold": 0, "seed": 1}]})
    predictions, runs = tmp_path / "predictions.parquet", tmp_path / "run.json"
    fit_part(part, [files], predictions, runs, code="0123abcd")
    (record,) = json.loads(runs.read_text())
    assert record["clips"] == [{"test": TESTED, "train": TRAINED + DRAWN}]
    assert [corpus["dataset"] for corpus in record["corpora"]] == ["main-all", "another-all"]
    table = read_predictions([predictions]).table
    rows = table[(table["task"] == "emotion") & (table["target"] != "calm")]
    decided = np.array(CLASSES["emotion"])[np.stack(rows["scores"].tolist()).argmax(axis=1)]
    assert len(rows) == 4 and (decided == rows["target"]).all()


def test_features_are_standardised_over_the_training_clips_of_both(inputs, tmp_path):
    output = tmp_path / "standardisation.tsv"
    write_standardisation(inputs.feature_shards, inputs.split, "band", output)
    stored = {}
    for shard in inputs.feature_shards:
        clip_ids = json.loads(shard.with_suffix(".json").read_text())["clip_ids"]
        stored |= dict(zip(clip_ids, np.load(shard).astype(np.float64), strict=True))
    training = [stored[clip] for clip in read_roles(inputs.split)[0, 0]["train"]]
    assert len(training) == TRAINED + DRAWN
    end_to_end = np.concatenate(training, axis=-1)
    found = read_standardisation(output)[0, 0]
    np.testing.assert_allclose(found.mean[0], end_to_end.mean(axis=-1), rtol=1e-5)
    np.testing.assert_allclose(found.sd[0], end_to_end.std(axis=-1), rtol=1e-5)


def test_figures_show_clips_of_the_dataset_that_is_split(inputs):
    names = ("angry", "sad")
    shown = first_clips(inputs, (0, 0), "train", "emotion", names, "pairs")
    assert [clip.rpartition("-")[0] for clip in shown] == ["main-all", "main-all"]


def test_an_input_with_extra_clips_is_mixed_with_another(tmp_path):
    """Scenes of one dataset and of another, mixed with events."""
    scenes, events = write_patch_inputs(tmp_path)
    further, _ = write_patch_inputs(tmp_path / "further")
    renamed = [tmp_path / "other.tsv", tmp_path / "other.npy"]
    table = read_tsv(further.dataset, ("clip_id",))
    table["clip_id"] = "other" + table["clip_id"]
    table.to_csv(renamed[0], sep="\t", index=False)
    (shard,) = further.feature_shards
    index = json.loads(shard.with_suffix(".json").read_text())
    write_shard(renamed[1], table["clip_id"].tolist(), np.load(shard), **index["feature"])
    roles = read_tsv(scenes.split, ("clip_id",))
    extra = [("0", str(fold), "train", clip) for fold in (0, 1) for clip in table["clip_id"]]
    extended = pd.concat([roles, pd.DataFrame(extra, columns=roles.columns)])
    extended.to_csv(tmp_path / "roles.tsv", sep="\t", index=False)
    both = replace(
        scenes,
        datasets=[scenes.dataset, renamed[0]],
        feature_shards=[*scenes.feature_shards, renamed[1]],
        split=tmp_path / "roles.tsv",
        sources=["simulated", "simulated"],
    )
    outputs = train(tmp_path / "part0", mixed_part(runs=1, epochs=1), both, events)
    (record,) = json.loads(outputs.runs.read_text())
    assert [clips["train"] for clips in record["clips"]] == [8 + 18, 8]
    names = [corpus["dataset"] for corpus in record["corpora"]]
    assert names == ["scene", "other", "event"]


def test_a_label_of_an_extra_clip_that_is_no_class_is_named_with_its_file(inputs, tmp_path):
    other = tmp_path / "another-all.tsv"
    other.write_text(inputs.datasets[1].read_text().replace("sad", "bored"))
    files = replace(inputs, datasets=[inputs.dataset, other])
    message = (
        r"another-all\.tsv: label 'bored' in column emotion is none of the classes angry, calm"
    )
    with pytest.raises(DataError, match=message):
        load_input(files, CLASSES, CPU)
