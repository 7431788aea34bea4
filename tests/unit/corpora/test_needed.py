"""Of a corpus, only the files of the clips that the datasets in use select are read."""

import os

import pytest

from corpus_specs import corpus_spec
from retable.corpora.files import scan_corpus
from retable.corpora.metadata import find_metadata
from retable.corpora.needed import PathPatterns, needed_patterns
from retable.errors import DataError
from retable.spec.corpus import Corpus, Dataset

ONLY = ("info.txt", "wav/{speaker}/*")


def corpus_of(only=ONLY, **where) -> Corpus:
    """A corpus of one archive with these patterns; `where`: dataset -> its filters."""
    corpus = corpus_spec("vctk")
    archive = corpus.archives[0].model_copy(update={"only": tuple(only)})
    datasets = {name: Dataset(where=filters) for name, filters in where.items()}
    return corpus.model_copy(update={"archives": (archive,), "datasets": datasets})


def test_a_column_stands_for_the_values_that_the_datasets_in_use_select():
    corpus = corpus_of(
        one=[{"speaker": ["p3", "p1"]}],
        two=[{"speaker": ["p1"], "mic": ["1"]}, {"speaker": ["p2"]}],
    )
    assert needed_patterns(corpus, ["one"]) == ("info.txt", "wav/p1/*", "wav/p3/*")
    together = ("info.txt", "wav/p1/*", "wav/p2/*", "wav/p3/*")
    assert needed_patterns(corpus, ["one", "two"]) == together
    assert needed_patterns(corpus, ["two", "one"]) == together


@pytest.mark.parametrize("open_filters", [[], [{"mic": ["1"]}], [{"speaker": ["p1"]}, {}]])
def test_a_dataset_that_leaves_a_column_open_needs_all_of_it(open_filters):
    corpus = corpus_of(one=[{"speaker": ["p1"]}], other=open_filters)
    assert needed_patterns(corpus, ["one", "other"]) == ("info.txt", "wav/*/*")
    assert needed_patterns(corpus, []) == ("info.txt", "wav/*/*")


def test_several_columns_give_their_combinations():
    corpus = corpus_of(["{speaker}/{mic}.wav"], one=[{"speaker": ["a", "b"], "mic": ["1", "2"]}])
    assert needed_patterns(corpus, ["one"]) == ("a/1.wav", "a/2.wav", "b/1.wav", "b/2.wav")


def test_a_value_is_no_pattern_itself():
    corpus = corpus_of(["{speaker}.wav"], one=[{"speaker": ["a*[1]"]}])
    patterns = PathPatterns(needed_patterns(corpus, ["one"]))
    assert patterns.match("a*[1].wav")
    assert not patterns.match("ab1.wav")


def test_a_corpus_without_patterns_is_needed_whole():
    assert needed_patterns(corpus_spec("ravdess"), ["dogs"]) == ()
    corpus = corpus_of(all=[])
    whole = corpus.archives[0].model_copy(update={"only": ()})
    corpus = corpus.model_copy(update={"archives": (*corpus.archives, whole)})
    assert needed_patterns(corpus, ["all"]) == ()


@pytest.mark.parametrize(
    ("path", "matches"),
    [
        ("wav/p1/a_mic1.flac", True),
        ("VCTK-Corpus/wav/p1/a_mic1.flac", True),
        ("wav/p1/a_mic2.flac", False),
        ("wav/p2/a_mic1.flac", False),
        ("old-wav/p1/a_mic1.flac", False),
        ("wav/p1/more/a_mic1.flac", False),
        ("p1/a_mic1.flac", False),
        ("info.txt", True),
        ("VCTK-Corpus/info.txt", True),
        ("speaker-info.txt", False),
        ("info.txt/readme", False),
    ],
)
def test_a_pattern_matches_the_end_of_a_path_from_a_folder_on(path, matches):
    assert PathPatterns(["info.txt", "wav/p1/*_mic1.*"]).match(path) is matches


def test_no_pattern_matches_every_path():
    patterns = PathPatterns([])
    assert patterns.match("a/b/c.wav")
    assert patterns.match("c.wav")
    assert patterns.leads_on("a/b")


@pytest.mark.parametrize(
    ("folder", "leads_on"),
    [
        ("wav", True),
        ("wav/p1", True),
        ("wav/p2", False),
        ("wav/p1/more", False),
        ("VCTK-Corpus", True),
        ("VCTK-Corpus/wav", True),
        ("VCTK-Corpus/wav/p2", False),
        ("VCTK-Corpus/txt", True),
    ],
)
def test_a_folder_is_passed_over_where_a_pattern_has_begun_and_does_not_go_on(folder, leads_on):
    assert PathPatterns(["info.txt", "wav/p1/*_mic1.*"]).leads_on(folder) is leads_on


@pytest.fixture
def tree(tmp_path):
    """Two speakers and two microphones, below a folder around them."""
    for speaker in ("p1", "p2"):
        folder = tmp_path / "corpus" / "wav" / speaker
        folder.mkdir(parents=True)
        for microphone in ("mic1", "mic2"):
            (folder / f"{speaker}_001_{microphone}.flac").touch()
    (tmp_path / "corpus" / "info.txt").touch()
    return tmp_path


def test_a_scan_lists_the_needed_files_alone(tree):
    only = ("info.txt", "wav/p1/*_mic1.*")
    found = scan_corpus(tree, ["corpus"], ["info.txt"], only)
    assert list(found.audio) == ["corpus/wav/p1/p1_001_mic1.flac"]
    assert list(found.metadata) == ["corpus/info.txt"]
    assert len(scan_corpus(tree, ["corpus"], ["info.txt"]).audio) == 4
    # Folders and single files, as a directory source has them.
    below = scan_corpus(tree / "corpus", ["wav", "info.txt"], ["info.txt"], only)
    assert list(below.audio) == ["wav/p1/p1_001_mic1.flac"]
    assert list(below.metadata) == ["info.txt"]
    assert not scan_corpus(tree / "corpus", ["info.txt"], ["info.txt"], ["wav/*/*"]).metadata


def test_a_scan_enters_no_folder_of_which_nothing_is_needed(tree, monkeypatch):
    entered = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: entered.append(str(path)) or scandir(path))
    scan_corpus(tree, ["corpus"], only=["wav/p1/*"])
    corpus = tree / "corpus"
    assert entered == [str(corpus), str(corpus / "wav"), str(corpus / "wav" / "p1")]


def test_metadata_is_needed_like_any_other_file(tree):
    only = ("info.txt", "wav/p1/*")
    assert find_metadata(tree, ["corpus"], ["info.txt"], only) == {
        "info.txt": tree / "corpus" / "info.txt"
    }
    with pytest.raises(DataError, match=r"no info\.txt in corpus; it describes the clips"):
        find_metadata(tree, ["corpus"], ["info.txt"], only[1:])
