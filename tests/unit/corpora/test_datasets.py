import pytest

from retable.corpora.datasets import select_clips
from retable.errors import DataError
from retable.spec.corpus import Dataset


@pytest.fixture(scope="module")
def manifest(twin_index):
    return twin_index[0]


def test_the_datasets_of_the_paper(corpus, manifest):
    dogs = select_clips(manifest, corpus.datasets["dogs"])
    assert len(dogs) == 330 == 24 * 8 + 23 * 6
    assert set(dogs.statement) == {"02"}
    assert set(dogs.repetition) == {"01"}
    assert set(dogs.emotion[dogs.intensity == "normal"]) == {"neutral"}
    assert list(dogs.index) == list(range(330))
    assert len(select_clips(manifest, corpus.datasets["dogs_both"])) == 660


def test_without_filters_all_clips_are_used(manifest):
    assert len(select_clips(manifest, Dataset())) == 666


def test_all_columns_of_a_filter_must_match_and_any_filter_will_do(manifest):
    one = {"speaker": ["01"], "emotion": ["angry"]}
    two = {"speaker": ["02", "03"], "emotion": ["angry"]}
    first, both = (select_clips(manifest, Dataset(where=where)) for where in ((one,), (one, two)))
    assert set(first.speaker) == {"01"}
    assert set(both.speaker) == {"01", "02", "03"}
    assert len(both) == 3 * len(first)


def test_an_unknown_column_gets_its_nearest(manifest):
    with pytest.raises(DataError, match=r"column 'emotoin', .*did you mean 'emotion'"):
        select_clips(manifest, Dataset(where=({"emotoin": ["angry"]},)))


def test_an_empty_selection_shows_the_values_present(manifest):
    values = "'angry', 'calm', 'disgust', 'fearful', 'happy', 'neutral', 'sad', 'surprised'"
    with pytest.raises(DataError, match=rf"emotion is never 'bored' \(values present: {values}\)"):
        select_clips(manifest, Dataset(where=({"emotion": ["bored"], "statement": ["02"]},)))
    with pytest.raises(DataError, match="no clip has all the values of one filter together"):
        select_clips(manifest, Dataset(where=({"emotion": ["disgust"], "speech_song": ["song"]},)))
