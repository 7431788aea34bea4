import pandas as pd
import pytest

from retable.corpora.datasets import check_classes, select_clips
from retable.corpora.index import read_manifest, write_manifest
from retable.corpora.tables import write_dataset
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


@pytest.fixture
def spoken(tmp_path):
    """A manifest in which speakers have 3, 2 and 1 clips, and nobody sings."""
    clips = pd.DataFrame(
        {
            "path": [f"{number}.wav" for number in range(6)],
            "speaker": ["a", "a", "a", "b", "b", "c"],
            "manner": "speech",
        }
    )
    write_manifest(clips, tmp_path / "manifest.tsv")
    return tmp_path / "manifest.tsv"


def test_a_class_without_a_clip_is_named_with_its_dataset(spoken):
    classes = {"manner": ["speech", "song", "chant"], "speaker": ["a", "b", "c"]}
    output = spoken.with_name("voices-all.tsv")
    with pytest.raises(DataError) as caught:
        write_dataset(spoken, Dataset(), classes, output)
    message = str(caught.value)
    assert message.startswith(f"{output}, cut from {spoken}: its 6 clips lack classes that they")
    assert "  - manner: no clip of 'song', 'chant', only 'speech' 6\n" in message
    assert "speaker" not in message
    assert "correct `where`, `labels` or `recode` of the dataset" in message
    assert not output.exists()


def test_the_classes_of_what_is_selected_count(spoken):
    one = Dataset(where=({"speaker": ["a", "b"]},))
    output = spoken.with_name("voices-two.tsv")
    write_dataset(spoken, one, {"speaker": ["a", "b"], "manner": ["speech"]}, output)
    assert list(read_manifest(output)["speaker"]) == ["a", "a", "a", "b", "b"]
    with pytest.raises(DataError, match="speaker: no clip of 'c', only 'a' 3, 'b' 2"):
        write_dataset(spoken, one, {"speaker": ["a", "b", "c"]}, output)


def test_a_corpus_that_may_lack_classes_is_not_asked_for_them(spoken):
    output = spoken.with_name("voices-all.tsv")
    write_dataset(spoken, Dataset(), {}, output)
    assert output.read_bytes() == spoken.read_bytes()


def test_a_task_that_is_no_column(spoken):
    fault = "task accent is no column of the manifest: path, speaker, manner"
    with pytest.raises(DataError, match=fault):
        check_classes(read_manifest(spoken), {"accent": ["AU"]}, "voices-all.tsv")


@pytest.fixture
def coded():
    """A manifest with the emotions as a corpus codes them."""
    codes = ["HAP", "SAD", "XXX", "HAP", "NEU"]
    return pd.DataFrame(
        {
            "clip_id": list("abcde"),
            "path": [f"{name}.wav" for name in "abcde"],
            "speaker": ["1", "1", "1", "2", "2"],
            "emotion": codes,
        }
    )


NAMES = {"NEU": "neutral", "HAP": "happy", "SAD": "sad"}


def test_a_recoded_task_has_the_new_names_and_the_others_are_left_out(coded):
    clips = select_clips(coded, Dataset(recode={"emotion": NAMES}))
    assert dict(zip(clips.clip_id, clips.emotion, strict=True)) == {
        "a": "happy",
        "b": "sad",
        "d": "happy",
        "e": "neutral",
    }
    assert list(clips.index) == [0, 1, 2, 3]
    assert list(clips.columns) == list(coded.columns)
    assert list(coded.emotion) == ["HAP", "SAD", "XXX", "HAP", "NEU"]


def test_names_may_change_places_and_classes_may_become_one(coded):
    swapped = {"HAP": "SAD", "SAD": "HAP", "NEU": "HAP"}
    clips = select_clips(coded, Dataset(recode={"emotion": swapped}))
    assert list(clips.emotion) == ["SAD", "HAP", "SAD", "HAP"]


def test_filters_are_by_upstreams_names(coded):
    where = ({"emotion": ["HAP", "XXX"], "speaker": ["1"]},)
    clips = select_clips(coded, Dataset(where=where, recode={"emotion": NAMES}))
    assert list(clips.clip_id) == ["a"]
    with pytest.raises(DataError, match="emotion is never 'happy'"):
        select_clips(coded, Dataset(where=({"emotion": ["happy"]},), recode={"emotion": NAMES}))


def test_two_tasks_are_recoded_and_a_clip_needs_both_names(coded):
    recode = {"emotion": NAMES, "speaker": {"2": "two"}}
    clips = select_clips(coded, Dataset(recode=recode))
    assert list(clips.clip_id) == ["d", "e"]
    assert set(clips.speaker) == {"two"}


def test_names_that_no_clip_has(coded):
    with pytest.raises(DataError) as caught:
        select_clips(coded, Dataset(recode={"emotion": {"happy": "happy", "sad": "sad"}}))
    assert str(caught.value).startswith(
        "the dataset recodes emotion and leaves out all of the 5 clips: none is of 'happy', 'sad' "
        "(values present: 'HAP', 'NEU', 'SAD', 'XXX'). Write upstream's names into `recode`"
    )
    with pytest.raises(DataError, match="`recode` of the dataset filters on column 'emotoin'"):
        select_clips(coded, Dataset(recode={"emotoin": NAMES}))


def test_the_table_of_a_dataset_has_the_new_names_and_must_have_clips_of_each(coded, tmp_path):
    write_manifest(coded, tmp_path / "manifest.tsv")
    dataset = Dataset(recode={"emotion": NAMES})
    files = (tmp_path / "manifest.tsv", tmp_path / "x-all.tsv")
    write_dataset(files[0], dataset, {"emotion": list(NAMES.values())}, files[1])
    assert list(read_manifest(files[1])["emotion"]) == ["happy", "sad", "happy", "neutral"]
    assert list(read_manifest(files[0])["emotion"]) == list(coded.emotion)
    fault = "emotion: no clip of 'HAP', only 'happy' 2, 'neutral' 1, 'sad' 1"
    with pytest.raises(DataError, match=fault):
        write_dataset(files[0], dataset, {"emotion": ["HAP", "sad"]}, files[1])
