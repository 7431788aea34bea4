"""YAML may refer to tables that lie beside it: to a column, or to two as a mapping."""

import shutil

import pytest

from retable.configuration.reading import read_column, read_mapping, with_columns
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


ACTORS = """\
actor\trole\tsex\tage
03\ttest\tMale\t30
01\ttrain\tMale\t31
02\ttest\tFemale\t30
\ttrain\tFemale\t40
"""


@pytest.fixture
def actors(tmp_path):
    """A table of actors and their roles; one who trains has no name."""
    table = tmp_path / "actors.tsv"
    table.write_text(ACTORS)
    return table


def test_a_reference_may_be_to_some_rows(actors):
    tested = {"table": "actors.tsv", "column": "actor", "where": {"role": "test"}}
    content = {"roles": [{"test": {"speaker": tested}}]}
    faults = []
    assert with_columns(content, actors.parent, "papers.x", faults) == {
        "roles": [{"test": {"speaker": ["03", "02"]}}]
    }
    assert faults == []


def test_a_row_must_have_the_value_of_every_column(actors):
    assert read_column(actors, "actor", {"role": "test", "sex": "Female"}) == ["02"]
    # YAML reads 30 as a number.
    reference = {"table": "actors.tsv", "column": "actor", "where": {"age": 30, "sex": "Male"}}
    assert with_columns(reference, actors.parent, "papers.x", []) == ["03"]


def test_only_the_rows_that_are_taken_need_a_value(actors):
    assert read_column(actors, "actor", {"role": "test"}) == ["03", "02"]
    with pytest.raises(DataError, match=r"actors\.tsv, line 5: no actor; add it"):
        read_column(actors, "actor", {"role": "train"})


@pytest.mark.parametrize(
    ("where", "fault"),
    [
        (
            {"role": "validation"},
            "the table {} has no row with role 'validation' (values present in role: 'test', "
            "'train'); correct `where`, or the table",
        ),
        (
            {"role": "test", "age": 31},
            "the table {} has no row with role 'test' and age '31' (values present in role: "
            "'test', 'train'; age: '30', '31', '40'); correct `where`, or the table",
        ),
        ({"part": "a"}, "the table {} has no column 'part'; it has actor, role, sex, age"),
        (
            {"role": ["test", "train"]},
            "`where` of a reference to the table {} is {'role': ['test', 'train']}; write one "
            'value, as text, for each of its columns: {column: "value"}',
        ),
        (
            {"role": True},
            "`where` of a reference to the table {} is {'role': True}; write one value, as text, "
            'for each of its columns: {column: "value"}',
        ),
        (
            "test",
            "`where` of a reference to the table {} is 'test'; write one value, as text, for each "
            'of its columns: {column: "value"}',
        ),
    ],
)
def test_rows_that_are_not_there(actors, where, fault):
    content = {"test": {"table": "actors.tsv", "column": "actor", "where": where}}
    faults = []
    assert with_columns(content, actors.parent, "papers.x", faults) == {"test": []}
    assert faults == ["papers.x.test: " + fault.replace("{}", str(actors), 1)]


@pytest.mark.parametrize("row", ["p4\n", "p4\t\n"])
def test_a_row_without_a_value(folder, row):
    table = folder / "speakers.tsv"
    table.write_text(TABLE + row)
    with pytest.raises(DataError, match=r"speakers\.tsv, line 5: no accent; add it"):
        read_column(table, "accent")


NAMES = "emotion\tours\ttheirs\nsad\tSA\tsadness\ncalm\t\tcalmness\nhappy\tHA\t\n"


@pytest.fixture
def names(tmp_path):
    """A table of names that two corpora have for the same emotions; neither has all."""
    table = tmp_path / "names.tsv"
    table.write_text(NAMES)
    return table


def test_two_columns_are_a_mapping_in_the_order_of_rows(names):
    assert list(read_mapping(names, "ours", "emotion").items()) == [("SA", "sad"), ("HA", "happy")]
    assert read_mapping(names, "theirs", "emotion") == {"sadness": "sad", "calmness": "calm"}


def test_a_reference_to_two_columns_is_replaced_by_their_mapping(names):
    reference = {"table": "names.tsv", "from": "ours", "to": "emotion"}
    content = {"recode": {"emotion": reference}, "titles": [reference]}
    faults = []
    mapping = {"SA": "sad", "HA": "happy"}
    assert with_columns(content, names.parent, "corpora.x", faults) == {
        "recode": {"emotion": mapping},
        "titles": [mapping],
    }
    assert faults == []


def test_a_row_that_an_editor_has_cut_has_empty_cells(names):
    names.write_text(NAMES.rstrip() + "\nbored\n")
    assert list(read_mapping(names, "theirs", "emotion")) == ["sadness", "calmness"]


@pytest.mark.parametrize(
    ("table", "column", "fault"),
    [
        (NAMES + "\tBO\t\n", "ours", "line 5: no emotion for ours 'BO'; add it"),
        (
            NAMES + "bored\tSA\t\n",
            "ours",
            "line 5: ours 'SA' again, as 'bored', before as 'sad'; write each in one row",
        ),
        (NAMES, "their", "has no column 'their'; it has emotion, ours, theirs"),
        ("emotion\tours\nsad\t\n", "ours", "has no value in column 'ours'; fill it in"),
    ],
)
def test_what_is_no_mapping(names, table, column, fault):
    names.write_text(table)
    with pytest.raises(DataError) as caught:
        read_mapping(names, column, "emotion")
    assert str(caught.value).startswith(f"the table {names}")
    assert str(caught.value).endswith(fault)


def test_a_mapping_whose_table_is_missing_is_a_fault(tmp_path):
    content = {"recode": {"emotion": {"table": "names.tsv", "from": "a", "to": "b"}}}
    faults = []
    with_columns(content, tmp_path, "corpora.x", faults)
    assert faults == [
        f"corpora.x.recode.emotion: the table {tmp_path}/names.tsv does not exist; correct the "
        "path, or add the file"
    ]


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
