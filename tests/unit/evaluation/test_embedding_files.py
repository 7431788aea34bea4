import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from retable.errors import DataError
from retable.evaluation.embeddings import read_embeddings, write_embeddings

CLIPS = {"c1": "train", "c2": "train", "a1": "test", "b1": "validation"}


def sample_embeddings(*repeats: int, size: int = 3) -> pd.DataFrame:
    """One row a clip and repeat; clip k of repeat r has the values 10 r + k, 10 r + k + 0.1..."""
    rows = [
        (repeat, 0, role, clip, (10 * repeat + k + np.arange(size) / 10).astype(np.float32))
        for repeat in repeats
        for k, (clip, role) in enumerate(CLIPS.items())
    ]
    return pd.DataFrame(rows, columns=["repeat", "fold", "role", "clip_id", "embedding"])


def written(path, table: pd.DataFrame):
    write_embeddings(path, table)
    return path


def test_reads_back_what_was_written_sorted_by_run_role_and_clip(tmp_path):
    table = read_embeddings([written(tmp_path / "e.parquet", sample_embeddings(1, 0))])
    assert table.columns.tolist() == ["repeat", "fold", "role", "clip_id", "embedding"]
    assert table["repeat"].tolist() == [0] * 4 + [1] * 4
    assert table["role"].tolist() == ["test", "train", "train", "validation"] * 2
    assert table["clip_id"].tolist() == ["a1", "c1", "c2", "b1"] * 2
    found = np.stack(table["embedding"].tolist())
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:, 0], [2, 0, 1, 3, 12, 10, 11, 13])
    np.testing.assert_allclose(found - found[:, :1], [[0, 0.1, 0.2]] * 8, atol=1e-5)


def test_values_are_stored_in_single_precision(tmp_path):
    table = sample_embeddings(0)
    double = table.assign(embedding=[values.astype(np.float64) for values in table["embedding"]])
    schema = pq.read_schema(written(tmp_path / "e.parquet", double))
    assert str(schema.field("embedding").type.value_type) == "float"


def test_equal_embeddings_in_any_order_give_equal_bytes(tmp_path):
    table = sample_embeddings(0, 1)
    first = written(tmp_path / "a.parquet", table)
    shuffled = table.sample(frac=1, random_state=0).assign(other="column")
    assert written(tmp_path / "b.parquet", shuffled).read_bytes() == first.read_bytes()


def test_parts_are_joined_to_the_bytes_of_the_whole(tmp_path):
    paths = [written(tmp_path / f"part{r}.parquet", sample_embeddings(r)) for r in (2, 0, 1)]
    joined = written(tmp_path / "joined.parquet", read_embeddings(paths))
    whole = written(tmp_path / "whole.parquet", sample_embeddings(0, 1, 2))
    assert joined.read_bytes() == whole.read_bytes()


def test_only_some_roles_are_read(tmp_path):
    path = written(tmp_path / "e.parquet", sample_embeddings(0))
    assert read_embeddings([path], ["train"])["clip_id"].tolist() == ["c1", "c2"]
    assert read_embeddings([path], ("test", "train"))["clip_id"].tolist() == ["a1", "c1", "c2"]
    trained = sample_embeddings(0)
    only = written(tmp_path / "train.parquet", trained[trained["role"] == "train"])
    with pytest.raises(DataError, match=r"train\.parquet: no embeddings of the role test"):
        read_embeddings([only], ["test"])


def test_the_same_part_twice_is_refused(tmp_path):
    path = written(tmp_path / "e.parquet", sample_embeddings(0))
    message = r"4 rows occur twice, the first is .*'clip_id': 'a1'}; name each file once, and build"
    with pytest.raises(DataError, match=message):
        read_embeddings([path, path])


def test_parts_of_other_networks_are_refused(tmp_path):
    paths = [
        written(tmp_path / "part0.parquet", sample_embeddings(0)),
        written(tmp_path / "part1.parquet", sample_embeddings(1, size=5)),
    ]
    with pytest.raises(DataError, match=r"embeddings have 3 and 5 values; expected one size for"):
        read_embeddings(paths)


def test_an_embedding_that_is_not_finite_names_the_clip(tmp_path):
    table = sample_embeddings(0)
    table["embedding"].iloc[1][2] = np.inf
    message = r"e\.parquet: 1 embeddings are not finite, the first of clip c2; the training diverge"
    with pytest.raises(DataError, match=message):
        write_embeddings(tmp_path / "e.parquet", table)
    assert not (tmp_path / "e.parquet").exists()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            sample_embeddings(0).drop(columns="fold"),
            "embeddings lack the column fold; give the rows all of",
        ),
        (
            sample_embeddings(0).assign(role="dev"),
            "unknown role 'dev'; expected train, validation, test. Build the file again from clips",
        ),
        (sample_embeddings(), "no embeddings; train the run again"),
    ],
    ids=["column", "role", "rows"],
)
def test_what_is_no_table_of_embeddings_is_not_written(tmp_path, table, message):
    with pytest.raises(DataError, match=rf"e\.parquet: {message}"):
        write_embeddings(tmp_path / "e.parquet", table)


def test_a_file_with_other_columns_is_refused(tmp_path):
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "other.parquet")
    message = (
        r"other\.parquet: not a file of embeddings of Retable \(columns x\); remove it and train"
    )
    with pytest.raises(DataError, match=message):
        read_embeddings([tmp_path / "other.parquet"])


def test_a_file_that_is_no_parquet_is_refused(tmp_path):
    (tmp_path / "broken.parquet").write_text("nothing")
    message = r"broken\.parquet: not a readable file of embeddings .*; remove it and train"
    with pytest.raises(DataError, match=message):
        read_embeddings([tmp_path / "broken.parquet"])


def test_no_parts_are_refused():
    message = "no embeddings to read: the experiment has no parts; name the files of all parts"
    with pytest.raises(DataError, match=message):
        read_embeddings([])
