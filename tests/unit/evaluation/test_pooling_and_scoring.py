import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from retable.errors import DataError
from retable.evaluation.pooling import decide, pool_clips
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
    predictions = segments(
        [
            ("one", 0, "left", "song", [0.6, 0.4]),
            ("one", 0, "right", "song", [0.6, 0.4]),
            ("one", 1, "left", "song", [0.0, 1.0]),
            ("two", 0, "left", "speech", [0.9, 0.1]),
        ]
    )
    pooled = pool_clips(predictions).table.set_index("clip_id")
    np.testing.assert_allclose(pooled.loc["one", "scores"], [0.4, 0.6], atol=1e-6)
    decisions = decide(predictions).set_index("clip_id")["predicted"]
    assert decisions.to_dict() == {"one": "song", "two": "speech"}


def test_segments_that_disagree_on_the_target_are_refused():
    predictions = segments(
        [("one", 0, "", "song", [0.6, 0.4]), ("one", 1, "", "speech", [0.6, 0.4])]
    )
    with pytest.raises(DataError, match="clip one: its segments have different targets"):
        pool_clips(predictions)


def test_scores_of_every_fold_and_pooled(tmp_path):
    predictions = sample_predictions(3, repeats=2, folds=3)
    path = tmp_path / "predictions.parquet"
    write_predictions(path, predictions)
    score_experiment({"paper": [path]}, tmp_path / "s.tsv", tmp_path / "c.tsv")
    scores = read_scores(tmp_path / "s.tsv")
    assert list(scores.columns) == ["variant", "repeat", "fold", "task", "metric", "value", "n"]
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
    score_experiment({"clean": [path]}, tmp_path / "s.tsv", tmp_path / "c.tsv")
    confusion = read_confusion(tmp_path / "c.tsv")
    assert len(confusion) == 2 * (8 * 8 + 2 * 2)
    assert set(confusion["variant"]) == {"clean"}
    assert confusion.groupby(["fold", "task"])["n"].sum().tolist() == [66] * 4
    emotions = confusion.loc[confusion["task"] == "emotion", "target"]
    assert tuple(dict.fromkeys(emotions)) == CLASSES["emotion"]


def test_only_test_clips_are_scored(tmp_path):
    predictions = sample_predictions(3, folds=2)
    validation = dataclasses.replace(predictions, table=predictions.table.assign(role="validation"))
    both = dataclasses.replace(predictions, table=pd.concat([predictions.table, validation.table]))
    for name, content in (("test", predictions), ("both", both), ("validation", validation)):
        write_predictions(tmp_path / f"{name}.parquet", content)
    for name in ("test", "both"):
        score_experiment(
            {"paper": [tmp_path / f"{name}.parquet"]},
            tmp_path / f"{name}.tsv",
            tmp_path / f"{name}-confusion.tsv",
        )
    assert (tmp_path / "both.tsv").read_bytes() == (tmp_path / "test.tsv").read_bytes()
    with pytest.raises(DataError, match="no predictions of the role test"):
        score_experiment(
            {"paper": [tmp_path / "validation.parquet"]}, tmp_path / "s.tsv", tmp_path / "c.tsv"
        )
