"""One fitting job of a baseline."""

import json

import numpy as np
import pandas as pd
import pytest
import sklearn
from sample_part import CLASSES, CLIPS, write_shard

from retable.baselines.part import fit_part
from retable.evaluation.predictions import read_predictions
from retable.spec.part import Part
from retable.spec.split import KFold
from retable.splits.files import write_split
from retable.splits.roles import read_roles
from retable.training.inputs import InputFiles

PART = Part.model_validate(
    {
        "experiment": "SVM",
        "variant": "clean",
        "model": {"kind": "svm", "c": 1.0, "gamma": "scale", "multitask": "none"},
        "training": None,
        "tasks": [[*CLASSES]],
        "classes": CLASSES,
        "runs": [{"repeat": 0, "fold": fold, "seed": 2**62 + fold} for fold in (0, 1)],
    }
)


@pytest.fixture(scope="module")
def fit(tmp_path_factory):
    """Fits the part to clips whose classes are far apart; returns its files."""
    folder = tmp_path_factory.mktemp("inputs")
    generator = np.random.default_rng(0)
    clip_ids = [f"clip{clip:02d}" for clip in range(CLIPS)]
    features = generator.standard_normal((CLIPS, 8))
    table = pd.DataFrame({"clip_id": clip_ids, "speaker": "", "group": ""})
    for task, names in CLASSES.items():
        targets = np.arange(CLIPS) % len(names)
        features += 5 * generator.standard_normal((len(names), 8))[targets]
        table[task] = [names[target] for target in targets]
    table.to_csv(folder / "dataset.tsv", sep="\t", index=False)
    write_shard(folder / "shard000.npy", clip_ids, features.astype(np.float32))
    files = [folder / name for name in ("roles.tsv", "audit.tsv", "split.json")]
    split = KFold(kind="kfold", folds=2, seed=1)
    write_split([folder / "dataset.tsv"], folder / "rejected.tsv", split, *files)

    def fit_into(name: str):
        target = tmp_path_factory.mktemp(name)
        predictions, runs = target / "predictions.parquet", target / "run.json"
        inputs = InputFiles(
            [folder / "dataset.tsv"], [folder / "shard000.npy"], files[0], None, ["upstream"]
        )
        fit_part(PART, [inputs], predictions, runs, code="0123abcd")
        return files[0], predictions, runs

    return fit_into


def test_two_folds_predict_every_clip_once_for_each_task(fit):
    roles_file, predictions_file, _ = fit("fitted")
    predictions = read_predictions([predictions_file])
    assert predictions.classes == CLASSES
    roles = read_roles(roles_file)
    for task, names in CLASSES.items():
        rows = predictions.table[predictions.table["task"] == task]
        assert sorted(rows["clip_id"]) == [f"clip{clip:02d}" for clip in range(CLIPS)]
        for fold in (0, 1):
            tested = rows.loc[rows["fold"] == fold, "clip_id"]
            assert sorted(tested) == sorted(roles[0, fold]["test"])
        scores = np.stack(rows["scores"].tolist())
        decided = np.array(names)[scores.argmax(axis=1)]
        assert (decided == rows["target"].to_numpy()).mean() > 0.8


def test_the_records_say_where_the_results_come_from(fit):
    first, second = json.loads(fit("fitted")[2].read_text())
    assert (first["fold"], second["fold"]) == (0, 1)
    assert first["seed"] == 2**62
    assert (first["corpora"][0]["source"], first["code"]) == ("upstream", "0123abcd")
    assert first["clips"] == [{"train": 12, "test": 12}]
    assert first["spec"] == json.loads(PART.canonical())
    assert (first["experiment"], first["variant"], first["device"]) == ("SVM", "clean", "cpu")
    assert first["versions"]["scikit-learn"]["version"] == sklearn.__version__


def test_equal_inputs_give_equal_bytes(fit):
    assert fit("first")[1].read_bytes() == fit("second")[1].read_bytes()
