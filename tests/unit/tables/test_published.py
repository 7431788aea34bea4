import pytest

from retable.errors import DataError
from retable.spec.table import PrintedNumber
from retable.tables.published import printed_line, published_rows, read_published
from sample_results import published_file

HEADER = "paper,table,row,column,metric,value,unit,kind,note\n"
ROW = "gresnets,2,SVM+M,emotion,Acc,54.63,%,result,\n"


def test_gresnets_numbers_are_read_as_printed():
    published = read_published(published_file("gresnets"))
    assert len(published) == 188
    table2 = published_rows(published, "2")
    assert table2["value"].tolist()[:6] == ["54.63", "56.02", "91.04", "91.25", "53.73", "54.8"]
    assert published_rows(published, "text")["kind"].value_counts().to_dict() == {
        "setting": 19, "result": 6, "cited": 1, "derived": 1,
    }  # fmt: skip


def test_an_unknown_table_names_the_known_ones():
    message = r"papers/gresnets/published\.csv has no rows of table '9'; it has 1, 2, 3.* Add them"
    with pytest.raises(DataError, match=message):
        published_rows(read_published(published_file("gresnets")), "9")


def test_an_unknown_number_names_the_rows_of_its_table():
    published = read_published(published_file("gresnets"))
    key = {"table": "2", "row": "SVM+M", "column": "emotion", "metric": "Acc"}
    assert printed_line(published, PrintedNumber(**key))["value"] == "54.63"
    with pytest.raises(
        DataError, match=r"no number 2 / SVM / .*rows of its table 2: SVM\+M, .*Add"
    ):
        printed_line(published, PrintedNumber(**key | {"row": "SVM"}))
    with pytest.raises(DataError, match="rows of its table 9: none"):
        printed_line(published, PrintedNumber(**key | {"table": "9"}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("paper,table\n", r"line 1: columns paper,table; expected paper,table,row"),
        (HEADER + ROW + ROW, r"line 3: .*'SVM\+M'.* is already on line 2"),
        (HEADER + ROW.replace("result", "guess"), "line 2: kind 'guess'; expected one of result"),
        (HEADER + ROW.replace("54.63", ""), "line 2: value is empty; fill it in"),
        (
            HEADER + ROW + ROW.replace("gresnets", "cabcnn"),
            "line 3: paper 'cabcnn'; expected 'gresnets', as the folder is called; correct",
        ),
        (HEADER, "no numbers below the header"),
        (HEADER + ROW.replace("emotion", "emotion,song"), "line 2: 10 entries, expected 9"),
    ],
)
def test_faults_name_file_and_line(tmp_path, text, message):
    path = tmp_path / "gresnets" / "published.csv"
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(DataError, match=rf"gresnets/published\.csv[,:] {message}"):
        read_published(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"published\.csv: the paper's published numbers"):
        read_published(tmp_path / "published.csv")
