"""YAML may refer to columns of tables that lie beside it."""

import shutil

import pytest

from retable.configuration.reading import read_column, with_columns
from retable.errors import DataError

TABLE = "speaker\taccent\np1\tIrish\np2\tIrish\np3\tScottish\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "speakers.tsv").write_text(TABLE)
    return tmp_path


def test_a_reference_is_replaced_by_the_columns_values(folder):
    content = {
        "datasets": {
            "some": {"where": [{"speaker": {"table": "speakers.tsv", "column": "speaker"}}]}
        },
        "labels": {"accent": {"column": "accent", "table": "speakers.tsv"}, "kind": ["a"]},
        "shards": 2,
    }
    faults = []
    assert with_columns(content, folder, "corpora.x", faults) == {
        "datasets": {"some": {"where": [{"speaker": ["p1", "p2", "p3"]}]}},
        "labels": {"accent": ["Irish", "Scottish"], "kind": ["a"]},
        "shards": 2,
    }
    assert faults == []


def test_a_manifest_may_have_columns_of_these_names(folder):
    content = {"where": [{"table": ["1"], "column": ["2"]}]}
    assert with_columns(content, folder, "corpora.x", []) == content


def test_every_fault_is_told_with_its_key(folder):
    content = {
        "a": {"table": "speaker.tsv", "column": "speaker"},
        "b": [{"table": "speakers.tsv", "column": "speakers"}],
    }
    faults = []
    with_columns(content, folder, "corpora.x", faults)
    assert faults == [
        f"corpora.x.a: the table {folder}/speaker.tsv does not exist; correct the path, or add the "
        "file",
        f"corpora.x.b.0: the table {folder}/speakers.tsv has no column 'speakers'; it has speaker, "
        "accent",
    ]


@pytest.mark.parametrize("row", ["p4\n", "p4\t\n"])
def test_a_row_without_a_value(folder, row):
    table = folder / "speakers.tsv"
    table.write_text(TABLE + row)
    with pytest.raises(DataError, match=r"speakers\.tsv, line 5: no accent; add it"):
        read_column(table, "accent")


def test_a_corpus_is_read_with_its_tables(read, edit, workflow):
    reference = {"table": "ours.tsv", "column": "actor"}
    (workflow / "corpora" / "ours.tsv").write_text("actor\n01\n05\n")
    edit("corpora/ravdess.yaml", datasets={"dogs": {"where": [{"speaker": reference}]}})
    assert read().corpora["ravdess"].datasets["dogs"].where == ({"speaker": ["01", "05"]},)
    # What is laid over a corpus may refer to tables too, from the folder of the corpus' YAML on.
    shutil.copy(workflow / "corpora" / "ours.tsv", workflow / "corpora" / "more.tsv")
    keep = [{"speaker": {**reference, "table": "more.tsv"}}]
    own = {"corpora": {"ravdess": {"simulation": {"keep": keep}}}}
    assert read(overrides=own).corpora["ravdess"].simulation.keep == ({"speaker": ["01", "05"]},)


def test_a_corpus_whose_table_is_missing(faults, edit, workflow):
    reference = {"table": "nobody.tsv", "column": "actor"}
    edit("corpora/ravdess.yaml", datasets={"dogs": {"where": [{"speaker": reference}]}})
    assert faults() == [
        "corpora.ravdess.datasets.dogs.where.0.speaker: the table "
        f"{workflow}/corpora/nobody.tsv does not exist; correct the path, or add the file"
    ]
