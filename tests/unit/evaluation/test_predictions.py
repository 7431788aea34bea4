import dataclasses

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from retable.errors import DataError
from retable.evaluation.predictions import Predictions, read_predictions, write_predictions
from sample_results import CLASSES, sample_predictions


def with_column(predictions: Predictions, column: str, values: object) -> Predictions:
    return dataclasses.replace(predictions, table=predictions.table.assign(**{column: values}))


def test_reads_back_what_was_written(tmp_path):
    written = sample_predictions(1)
    write_predictions(tmp_path / "predictions.parquet", written)
    read = read_predictions([tmp_path / "predictions.parquet"])
    assert read.classes == CLASSES
    key = ["task", "fold", "clip_id"]
    expected = written.table.sort_values(key, ignore_index=True)
    actual = read.table.sort_values(key, ignore_index=True)
    assert actual["target"].tolist() == expected["target"].tolist()
    for mine, theirs in zip(actual["scores"], expected["scores"], strict=True):
        assert mine.dtype == np.float32
        np.testing.assert_array_equal(mine, theirs)


def test_equal_predictions_in_any_order_give_equal_bytes(tmp_path):
    predictions = sample_predictions(1)
    shuffled = dataclasses.replace(
        predictions, table=predictions.table.sample(frac=1, random_state=0)
    )
    write_predictions(tmp_path / "a.parquet", predictions)
    write_predictions(tmp_path / "b.parquet", shuffled)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_parts_are_joined(tmp_path):
    whole = sample_predictions(1, folds=3)
    paths = []
    for fold in range(3):
        part = dataclasses.replace(whole, table=whole.table[whole.table["fold"] == fold])
        paths.append(tmp_path / f"part{fold}.parquet")
        write_predictions(paths[-1], part)
    joined = read_predictions(paths)
    assert len(joined.table) == len(whole.table)
    assert sorted(set(joined.table["fold"])) == [0, 1, 2]


def test_only_some_roles_are_read(tmp_path):
    predictions = sample_predictions(1, folds=1)
    tables = [predictions.table.assign(role=role) for role in ("train", "validation", "test")]
    every = dataclasses.replace(predictions, table=pd.concat(tables))
    write_predictions(tmp_path / "p.parquet", every)
    held_out = read_predictions([tmp_path / "p.parquet"], ("validation", "test"))
    assert held_out.table["role"].value_counts().to_dict() == {"validation": 132, "test": 132}
    write_predictions(tmp_path / "train.parquet", with_column(predictions, "role", "train"))
    with pytest.raises(DataError, match=r"train\.parquet: no predictions of the role test"):
        read_predictions([tmp_path / "train.parquet"], ("test",))


def test_parts_with_other_classes_are_refused(tmp_path):
    first = sample_predictions(1, folds=1)
    swapped = Predictions(first.table, {**CLASSES, "speech_song": ("song", "speech")})
    write_predictions(tmp_path / "a.parquet", first)
    write_predictions(tmp_path / "b.parquet", swapped)
    with pytest.raises(DataError, match=r"b\.parquet: classes .* differ"):
        read_predictions([tmp_path / "a.parquet", tmp_path / "b.parquet"])


def test_the_same_part_twice_is_refused(tmp_path):
    write_predictions(tmp_path / "a.parquet", sample_predictions(1, folds=1))
    with pytest.raises(DataError, match="132 rows occur twice"):
        read_predictions([tmp_path / "a.parquet"] * 2)


def test_another_parquet_file_is_refused(tmp_path):
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(DataError, match=r"other\.parquet: not a file of predictions of Retable"):
        read_predictions([tmp_path / "other.parquet"])


def test_a_file_that_does_not_name_its_classes_is_refused(tmp_path):
    path = tmp_path / "p.parquet"
    write_predictions(path, sample_predictions(1, folds=1))
    pq.write_table(pq.read_table(path).replace_schema_metadata(None), path)
    with pytest.raises(DataError, match=r"p\.parquet: not a file of predictions of Retable"):
        read_predictions([path])


def test_a_file_that_is_no_parquet_is_refused(tmp_path):
    (tmp_path / "broken.parquet").write_text("nothing")
    with pytest.raises(DataError, match="not a readable file of predictions"):
        read_predictions([tmp_path / "broken.parquet"])


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("target", "bored", "unknown target 'bored'"),
        ("role", "held-out", "unknown role 'held-out'"),
        ("task", "accent", "no classes for task 'accent'"),
    ],
)
def test_unknown_names_are_refused(tmp_path, column, value, message):
    wrong = with_column(sample_predictions(1, folds=1), column, value)
    if column == "task":
        wrong = dataclasses.replace(wrong, table=wrong.table.head(66))
    with pytest.raises(DataError, match=message):
        write_predictions(tmp_path / "p.parquet", wrong)


def test_a_score_that_is_not_finite_names_the_clip(tmp_path):
    predictions = sample_predictions(1, folds=1)
    scores = list(predictions.table["scores"])
    scores[3] = np.full(8, np.nan, dtype=np.float32)
    with pytest.raises(DataError, match=r"1 rows with a score that is not finite.*clip0-003"):
        write_predictions(tmp_path / "p.parquet", with_column(predictions, "scores", scores))


def test_a_wrong_number_of_scores_is_refused(tmp_path):
    predictions = sample_predictions(1, folds=1)
    scores = list(predictions.table["scores"])
    scores[0] = np.array([0.5, 0.5], dtype=np.float32)
    with pytest.raises(DataError, match="8 classes but a row of 2 scores"):
        write_predictions(tmp_path / "p.parquet", with_column(predictions, "scores", scores))
