import pytest

from retable.corpora.metadata import find_metadata, metadata_fault
from retable.errors import DataError

TAILS = ("meta/clips.csv", "folds/fold1.txt")


@pytest.fixture
def root(tmp_path):
    """Two archives, unpacked with the folder that they hold at their top."""
    for path in ("one/corpus/meta/clips.csv", "two/corpus/folds/fold1.txt", "two/a.wav"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    return tmp_path


def test_metadata_is_found_by_the_end_of_its_path(root):
    assert find_metadata(root, ["one", "two"], TAILS) == {
        "meta/clips.csv": root / "one/corpus/meta/clips.csv",
        "folds/fold1.txt": root / "two/corpus/folds/fold1.txt",
    }


def test_a_file_may_be_named_itself(root):
    folders = ["one/corpus/meta/clips.csv", "two/corpus"]
    assert list(find_metadata(root, folders, TAILS)) == list(TAILS)


def test_hidden_and_half_named_files_are_none(root):
    clips = root / "one/corpus/meta/clips.csv"
    for other in ("one/.backup/meta", "one/meta.old", "one/corpus/old-meta"):
        (root / other).mkdir(parents=True)
        (root / other / "clips.csv").write_text("other")
    assert find_metadata(root, ["one", "two"], TAILS)["meta/clips.csv"] == clips


def test_a_missing_file(root):
    with pytest.raises(DataError, match=rf"{root}: no folds/fold1\.txt in one; .* upstream arch"):
        find_metadata(root, ["one"], TAILS)


def test_a_file_that_is_there_twice(root):
    (root / "two/meta").mkdir()
    (root / "two/meta/clips.csv").write_text("copy")
    both = r"one/corpus/meta/clips\.csv, two/meta/clips\.csv"
    with pytest.raises(DataError, match=rf"2 files are called meta/clips\.csv \({both}\)"):
        find_metadata(root, ["one", "two"], TAILS)


def test_a_corpus_without_metadata_needs_none(tmp_path):
    assert find_metadata(tmp_path, ["nowhere"], ()) == {}


def test_a_fault_names_file_line_value_and_expectation(tmp_path):
    fault = metadata_fault(tmp_path / "clips.csv", 7, "fold 6", "fold 1 to 5")
    assert str(fault) == (
        f"{tmp_path}/clips.csv, line 7: fold 6, expected fold 1 to 5. Restore upstream's file."
    )
