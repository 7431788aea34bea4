import pandas as pd
import pytest

from retable.corpora.datasets import check_classes, select_clips, select_rejected
from retable.corpora.index import read_manifest
from retable.corpora.tables import write_dataset
from retable.errors import DataError
from retable.spec.corpus import Dataset
from retable.tsv import write_tsv


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
            "clip_id": [str(number) for number in range(6)],
            "path": [f"{number}.wav" for number in range(6)],
            "speaker": ["a", "a", "a", "b", "b", "c"],
            "manner": "speech",
        }
    )
    rejected = pd.DataFrame(columns=["path", "reason", "clip_id", "speaker", "manner"])
    write_tsv(clips, tmp_path / "manifest.tsv")
    write_tsv(rejected, tmp_path / "rejected.tsv")
    return tmp_path / "manifest.tsv"


def write(manifest, dataset, classes, output):
    """Writes a dataset of a manifest beside which its rejected clips are."""
    rejected = output.with_stem(f"{output.stem}-rejected")
    inputs = (manifest, manifest.with_name("rejected.tsv"))
    write_dataset(*inputs, dataset, classes, output, rejected)
    return rejected


def test_a_class_without_a_clip_is_named_with_its_dataset(spoken):
    classes = {"manner": ["speech", "song", "chant"], "speaker": ["a", "b", "c"]}
    output = spoken.with_name("voices-all.tsv")
    with pytest.raises(DataError) as caught:
        write(spoken, Dataset(), classes, output)
    message = str(caught.value)
    assert message.startswith(f"{output}, cut from {spoken}: its 6 clips lack classes that they")
    assert "  - manner: no clip of 'song', 'chant', only 'speech' 6\n" in message
    assert "speaker" not in message
    assert "correct `where`, `labels` or `recode` of the dataset" in message
    assert not output.exists()


def test_the_classes_of_what_is_selected_count(spoken):
    one = Dataset(where=({"speaker": ["a", "b"]},))
    output = spoken.with_name("voices-two.tsv")
    write(spoken, one, {"speaker": ["a", "b"], "manner": ["speech"]}, output)
    assert list(read_manifest(output)["speaker"]) == ["a", "a", "a", "b", "b"]
    with pytest.raises(DataError, match="speaker: no clip of 'c', only 'a' 3, 'b' 2"):
        write(spoken, one, {"speaker": ["a", "b", "c"]}, output)


def test_a_corpus_that_may_lack_classes_is_not_asked_for_them(spoken):
    output = spoken.with_name("voices-all.tsv")
    write(spoken, Dataset(), {}, output)
    assert output.read_bytes() == spoken.read_bytes()


def test_a_task_that_is_no_column(spoken):
    fault = "task accent is no column of the manifest: clip_id, path, speaker, manner"
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
        "`recode` of the dataset leaves out all of the 5 clips: none has emotion 'happy' or 'sad' "
        "(values present: 'HAP', 'NEU', 'SAD', 'XXX'). Write upstream's names into `recode`"
    )
    with pytest.raises(DataError, match="`recode` of the dataset filters on column 'emotoin'"):
        select_clips(coded, Dataset(recode={"emotoin": NAMES}))


@pytest.fixture
def refused():
    """What the corpus of `coded` has rejected."""
    return pd.DataFrame(
        [
            ("f.wav", "silent: all 9 samples are zero", "f", "1", "SAD"),
            ("g.wav", "unreadable: Format not recognised", "g", "2", "NEU"),
            ("h.wav", "unreadable: Format not recognised", "h", "2", "XXX"),
            ("noise.wav", "bad name: noise", "noise", "", ""),
        ],
        columns=["path", "reason", "clip_id", "speaker", "emotion"],
    )


def test_rejected_clips_are_of_the_datasets_that_would_select_them(coded, refused):
    by_filter = Dataset(where=({"speaker": ["1"]}, {"emotion": ["XXX"]}))
    assert list(select_rejected(refused, coded, by_filter).clip_id) == ["f", "h"]
    recoded = select_rejected(refused, coded, Dataset(recode={"emotion": NAMES}))
    assert recoded[["clip_id", "emotion"]].to_numpy().tolist() == [["f", "sad"], ["g", "neutral"]]
    assert list(recoded.columns) == ["reason", *coded.columns]
    assert list(recoded.index) == [0, 1]


def test_without_filters_all_rejected_clips_that_have_a_name_are_taken(coded, refused):
    taken = select_rejected(refused, coded, Dataset())
    assert list(taken.clip_id) == ["f", "g", "h"]
    assert list(taken.reason) == list(refused.reason[:3])


def test_a_file_whose_name_says_nothing_is_matched_by_no_filter(coded, refused):
    nothing = Dataset(where=({"emotion": ["", "SAD"]},))
    assert list(select_rejected(refused, coded, nothing).clip_id) == ["f"]


def test_a_clip_that_is_there_as_another_file_counts_once(coded, refused):
    again = refused.assign(path=[f"copy/{path}" for path in refused.path])
    duplicate = pd.DataFrame([("a.flac", "duplicate clip: same clip as a.wav", "a", "1", "HAP")])
    files = pd.concat([duplicate.set_axis(refused.columns, axis=1), refused, again])
    taken = select_rejected(files, coded, Dataset())
    assert list(taken.path) == ["f.wav", "g.wav", "h.wav"]


def test_no_rejected_clip_is_no_fault(coded, refused):
    happy = Dataset(where=({"emotion": ["HAP"]},))
    assert len(select_rejected(refused, coded, happy)) == 0
    renamed = Dataset(recode={"emotion": {"HAP": "happy"}})
    assert len(select_rejected(refused, coded, renamed)) == 0
    assert len(select_rejected(refused.head(0), coded, Dataset())) == 0


def test_nothing_is_known_of_the_audio_of_a_rejected_clip(coded, refused):
    clips = coded.assign(channels=1)
    assert set(select_rejected(refused, clips, Dataset()).channels) == {""}
    stereo = Dataset(where=({"channels": ["1", "2"]},))
    assert len(select_rejected(refused, clips, stereo)) == 0


def test_the_table_of_a_dataset_has_the_new_names_and_must_have_clips_of_each(
    coded, refused, tmp_path
):
    write_tsv(coded, tmp_path / "manifest.tsv")
    write_tsv(refused, tmp_path / "rejected.tsv")
    dataset = Dataset(recode={"emotion": NAMES})
    files = (tmp_path / "manifest.tsv", tmp_path / "x-all.tsv")
    rejected = write(files[0], dataset, {"emotion": list(NAMES.values())}, files[1])
    assert list(read_manifest(files[1])["emotion"]) == ["happy", "sad", "happy", "neutral"]
    assert list(read_manifest(files[0])["emotion"]) == list(coded.emotion)
    assert rejected == tmp_path / "x-all-rejected.tsv"
    assert list(read_manifest(rejected)["emotion"]) == ["sad", "neutral"]
    fault = "emotion: no clip of 'HAP', only 'happy' 2, 'neutral' 1, 'sad' 1"
    with pytest.raises(DataError, match=fault):
        write(files[0], dataset, {"emotion": ["HAP", "sad"]}, files[1])
