import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from retable.errors import DataError
from retable.evaluation.pooling import decide
from retable.evaluation.predictions import Predictions, write_predictions
from retable.evaluation.scoring import read_confusion, read_scores, score_experiment
from sample_results import CLASSES, sample_predictions


def segments(rows: list[tuple[str, int, str, str, list[float]]]) -> Predictions:
    """Predictions of one run from (clip, segment, channel, target, scores)."""
    columns = ["clip_id", "segment", "channel", "target", "scores"]
    table = pd.DataFrame(rows, columns=columns).assign(
        repeat=0, fold=0, role="test", task="speech_song"
    )
    table["scores"] = [np.array(scores, dtype=np.float32) for scores in table["scores"]]
    return Predictions(table, {"speech_song": CLASSES["speech_song"]})


def test_a_clip_is_decided_by_the_mean_over_segments_and_channels():
    """One has the mean (0.4, 0.6), although two of its three segments say speech."""
    predictions = segments(
        [
            ("one", 0, "left", "song", [0.6, 0.4]),
            ("one", 0, "right", "song", [0.6, 0.4]),
            ("one", 1, "left", "song", [0.0, 1.0]),
            ("two", 0, "left", "speech", [0.9, 0.1]),
        ]
    )
    decisions = decide(predictions, "mean").set_index("clip_id")["predicted"]
    assert decisions.to_dict() == {"one": "song", "two": "speech"}
    by_majority = decide(predictions, "majority").set_index("clip_id")["predicted"]
    assert by_majority.to_dict() == {"one": "speech", "two": "speech"}


@pytest.mark.parametrize(
    ("scores", "predicted"),
    [
        # Two segments to one, however sure the one is.
        ([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25], [0.0, 1.0, 0.0]], "bus"),
        # One to one: 0.75 + 0.0 for the bus, 0.25 + 0.625 for the park.
        ([[0.75, 0.25, 0.0], [0.0, 0.625, 0.375]], "park"),
        # One to one, the tram's sum is highest, but no segment decides for it.
        ([[0.5, 0.0, 0.4375], [0.0, 0.5625, 0.4375]], "park"),
        # One to one and equal sums: the first class.
        ([[0.25, 0.75, 0.0], [0.0, 0.25, 0.75], [0.75, 0.0, 0.25]], "bus"),
        # A segment without a single highest score decides for the first of them.
        ([[0.0, 0.5, 0.5]], "park"),
    ],
)
def test_ties_of_a_vote(scores, predicted):
    """The vote, then the summed score (README.md of mixup_mtl), then the first class."""
    rows = [("one", segment, "mono", "bus", values) for segment, values in enumerate(scores)]
    table = segments(rows).table.assign(task="scene")
    predictions = Predictions(table, {"scene": ("bus", "park", "tram")})
    assert decide(predictions, "majority")["predicted"].tolist() == [predicted]


def test_every_run_role_and_task_decides_for_itself_whatever_the_order_of_rows():
    one = segments([("one", 0, "mono", "song", [1.0, 0.0]), ("one", 1, "mono", "song", [1.0, 0.0])])
    other = segments([("one", 0, "mono", "song", [0.0, 1.0])])
    tables = [one.table, other.table.assign(repeat=1), other.table.assign(role="validation")]
    table = pd.concat(tables).sample(frac=1, random_state=0, ignore_index=True)
    decisions = decide(Predictions(table, one.classes), "majority")
    found = decisions[["repeat", "role", "predicted"]].values.tolist()
    assert found == [[0, "test", "speech"], [0, "validation", "song"], [1, "test", "song"]]


@pytest.mark.parametrize("pooling", ["mean", "majority"])
def test_segments_that_disagree_on_the_target_are_refused(pooling):
    predictions = segments(
        [("one", 0, "", "song", [0.6, 0.4]), ("one", 1, "", "speech", [0.6, 0.4])]
    )
    with pytest.raises(DataError, match="clip one: its segments have different targets"):
        decide(predictions, pooling)


def test_scores_of_every_fold_and_pooled(tmp_path):
    predictions = sample_predictions(3, repeats=2, folds=3)
    path = tmp_path / "predictions.parquet"
    write_predictions(path, predictions)
    score_experiment({"paper": [path]}, {"paper": "mean"}, tmp_path / "s.tsv", tmp_path / "c.tsv")
    scores = read_scores(tmp_path / "s.tsv")
    assert list(scores.columns) == [
        "variant", "role", "repeat", "fold", "task", "metric", "value", "n",
    ]  # fmt: skip
    assert set(scores["role"]) == {"test"}
    assert len(scores) == 2 * (3 + 1) * 2 * 3

    values = scores.set_index(["repeat", "fold", "task", "metric"])["value"]
    rows = predictions.table[predictions.table["task"] == "emotion"]
    predicted = rows["scores"].map(lambda s: CLASSES["emotion"][int(s.argmax())])
    for repeat in (0, 1):
        mine = rows["repeat"] == repeat
        fold1 = mine & (rows["fold"] == 1)
        assert values[repeat, "1", "emotion", "accuracy"] == pytest.approx(
            accuracy_score(rows["target"][fold1], predicted[fold1]), abs=1e-12
        )
        assert values[repeat, "pooled", "emotion", "uar"] == pytest.approx(
            balanced_accuracy_score(rows["target"][mine], predicted[mine]), abs=1e-12
        )
    assert set(scores.loc[scores["fold"] == "pooled", "n"]) == {3 * 66}


def test_confusions_list_every_pair_of_classes(tmp_path):
    path = tmp_path / "predictions.parquet"
    write_predictions(path, sample_predictions(3, folds=2))
    score_experiment({"clean": [path]}, {"clean": "mean"}, tmp_path / "s.tsv", tmp_path / "c.tsv")
    confusion = read_confusion(tmp_path / "c.tsv")
    assert len(confusion) == 2 * (8 * 8 + 2 * 2)
    assert set(confusion["variant"]) == {"clean"}
    assert confusion.groupby(["fold", "task"])["n"].sum().tolist() == [66] * 4
    emotions = confusion.loc[confusion["task"] == "emotion", "target"]
    assert tuple(dict.fromkeys(emotions)) == CLASSES["emotion"]


def of_role(predictions: Predictions, *roles: str) -> Predictions:
    """The same predictions once for each role."""
    tables = [predictions.table.assign(role=role) for role in roles]
    return dataclasses.replace(predictions, table=pd.concat(tables))


def test_validation_and_test_clips_are_scored_apart_and_training_clips_not(tmp_path):
    predictions = sample_predictions(3, folds=2)
    for name, roles in (("test", ["test"]), ("all", ["train", "validation", "test"])):
        path = tmp_path / f"{name}.parquet"
        write_predictions(path, of_role(predictions, *roles))
        files = (tmp_path / f"{name}.tsv", tmp_path / f"{name}-confusion.tsv")
        score_experiment({"paper": [path]}, {"paper": "mean"}, *files)
    scores, alone = read_scores(tmp_path / "all.tsv"), read_scores(tmp_path / "test.tsv")
    assert set(scores["role"]) == {"validation", "test"}
    for role in ("validation", "test"):
        own = scores[scores["role"] == role].drop(columns="role").reset_index(drop=True)
        pd.testing.assert_frame_equal(own, alone.drop(columns="role"))
    confusion = read_confusion(tmp_path / "all-confusion.tsv")
    assert confusion.groupby("role")["n"].sum().to_dict() == {"test": 264, "validation": 264}


def test_predictions_without_test_clips_are_refused(tmp_path):
    path = tmp_path / "predictions.parquet"
    write_predictions(path, of_role(sample_predictions(3, folds=1), "validation"))
    with pytest.raises(DataError, match="no predictions of the role test"):
        score_experiment(
            {"paper": [path]}, {"paper": "mean"}, tmp_path / "s.tsv", tmp_path / "c.tsv"
        )


def test_every_variant_has_its_own_pooling(tmp_path):
    path = tmp_path / "predictions.parquet"
    rows = [
        ("one", 0, "mono", "song", [0.6, 0.4]),
        ("one", 1, "mono", "song", [0.6, 0.4]),
        ("one", 2, "mono", "song", [0.0, 1.0]),
    ]
    write_predictions(path, segments(rows))
    score_experiment(
        {"paper": [path], "clean": [path]},
        {"paper": "majority", "clean": "mean"},
        tmp_path / "s.tsv",
        tmp_path / "c.tsv",
    )
    scores = read_scores(tmp_path / "s.tsv")
    accuracy = scores[(scores["metric"] == "accuracy") & (scores["fold"] == "pooled")]
    assert dict(zip(accuracy["variant"], accuracy["value"], strict=True)) == {
        "paper": 0.0,
        "clean": 1.0,
    }
