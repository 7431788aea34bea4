"""Example clips of the classes of a dataset: which are shown, and how loud the classes are."""

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from shown_spectrograms import FEATURE, NORMALISED, TONE_BIN, sine

from real_corpora import real_corpus
from retable.audio.store import AudioStore, write_audio_shard
from retable.errors import DataError
from retable.features.examples import (
    class_examples,
    example_clip_ids,
    speaker_levels,
    write_examples,
)
from retable.features.examples_file import read_example_file, write_example_file
from retable.spec.figure import ExampleClips

CLIPS = pd.DataFrame(
    [
        ("d1", "anna", "happy", "song", 0.5),
        ("d2", "anna", "happy", "speech", 0.1),
        ("d3", "anna", "happy", "speech", 0.001),
        ("d4", "anna", "angry", "speech", 0.01),
        ("d5", "boris", "angry", "speech", 0.1),
        ("d6", "boris", "calm", "speech", 0.1),
    ],
    columns=["clip_id", "speaker", "emotion", "speech_song", "amplitude"],
)
HAPPY_ANGRY = ExampleClips(
    by="emotion",
    classes=("angry", "happy"),
    where={"speech_song": "speech", "speaker": "anna"},
    levels=True,
)


def write_audio(folder: Path, clips: pd.DataFrame) -> Path:
    """An audio shard with a sine a clip, each a little longer than the one before."""
    for number, (clip_id, amplitude) in enumerate(
        zip(clips["clip_id"], clips["amplitude"], strict=True)
    ):
        tone = sine(amplitude, samples=8000 + 800 * number)
        soundfile.write(folder / f"{clip_id}.wav", tone, 8000, "FLOAT")
    data = folder / "shard000.npy"
    paths = clips.assign(path=clips["clip_id"] + ".wav")
    write_audio_shard(paths, folder, 8000, data, data.with_suffix(".json"))
    return data


@pytest.fixture
def audio(tmp_path) -> AudioStore:
    return AudioStore([write_audio(tmp_path, CLIPS)])


def test_the_first_clip_of_each_class_is_shown_in_its_natural_length(audio):
    examples = class_examples(CLIPS, audio, HAPPY_ANGRY, FEATURE)
    assert examples.classes == ("angry", "happy")
    assert examples.clip_ids == ("d4", "d2")
    # A window of 256 has 129 bins; clips of 10,400 and 8,800 samples have 1 + n // 128 frames.
    assert [image.shape for image in examples.spectrograms] == [(129, 82), (129, 69)]
    assert [image[TONE_BIN, 30] for image in examples.spectrograms] == pytest.approx(
        [-40, -20], abs=0.05
    )
    assert (examples.frequencies[1], examples.frequencies[-1]) == (31.25, 4000)
    assert (examples.sample_rate, examples.hop) == (8000, 128)


def test_the_order_of_the_table_does_not_matter():
    assert example_clip_ids(CLIPS[::-1], HAPPY_ANGRY) == ["d4", "d2"]


def test_a_class_may_have_filters_of_its_own():
    # angry: of boris instead of anna, and still speech; happy: the sung clip of anna.
    each = {"angry": {"speaker": "boris"}, "happy": {"speech_song": "song"}}
    clips = HAPPY_ANGRY.model_copy(update={"each": each})
    assert example_clip_ids(CLIPS, clips) == ["d5", "d1"]


def test_a_normalised_spectrogram_is_shown_as_it_was_before(audio):
    examples = class_examples(CLIPS, audio, HAPPY_ANGRY, NORMALISED)
    # 129 bins of 256 points, 31.25 Hz apart; clips of 10,400 and 8,800 samples, a frame every 80.
    assert [image.shape for image in examples.spectrograms] == [(129, 131), (129, 111)]
    assert (examples.frequencies[1], examples.frequencies[-1], examples.hop) == (31.25, 4000, 80)
    assert examples.levels.values.shape == (2, 2, 129)
    assert [image[TONE_BIN, 30] for image in examples.spectrograms] == pytest.approx(
        [-40, -20], abs=0.05
    )


def test_waveforms_are_the_samples_of_the_clips_that_are_shown(tmp_path, audio):
    clips = HAPPY_ANGRY.model_copy(update={"waveforms": True})
    write_example_file(class_examples(CLIPS, audio, clips, NORMALISED), tmp_path / "shown.npz")
    angry, happy = read_example_file(tmp_path / "shown.npz").waveforms
    # Half-precision floats have 11 significant bits.
    np.testing.assert_allclose(angry, sine(0.01, 10_400), rtol=2**-11, atol=1e-7)
    np.testing.assert_allclose(happy, sine(0.1, 8_800), rtol=2**-11, atol=1e-7)


def test_waveforms_are_left_out_unless_asked_for(tmp_path, audio):
    examples = class_examples(CLIPS, audio, HAPPY_ANGRY, FEATURE)
    assert examples.waveforms is None
    write_example_file(examples, tmp_path / "shown.npz")
    assert read_example_file(tmp_path / "shown.npz").waveforms is None


def test_levels_average_power_over_time_and_decibels_over_all_clips_of_a_speaker(audio):
    levels = speaker_levels(CLIPS, audio, HAPPY_ANGRY, FEATURE)
    assert levels.speakers == ("anna", "boris")
    assert levels.values.shape == (2, 2, 129)
    # anna's happy clips, the sung one too, have amplitudes of -6.02, -20 and -60 dB.
    expected = [[-40, -20], [-28.67, np.nan]]
    np.testing.assert_allclose(levels.values[:, :, TONE_BIN], expected, atol=0.1)
    assert np.isnan(levels.values[1, 1]).all()


def test_levels_are_left_out_unless_asked_for(audio):
    clips = HAPPY_ANGRY.model_copy(update={"levels": False})
    assert class_examples(CLIPS, audio, clips, FEATURE).levels is None


def test_equal_examples_give_equal_bytes_and_come_back(tmp_path, audio):
    examples = class_examples(CLIPS, audio, HAPPY_ANGRY, FEATURE)
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    write_example_file(examples, first)
    write_example_file(class_examples(CLIPS, audio, HAPPY_ANGRY, FEATURE), second)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}

    read = read_example_file(first)
    assert (read.classes, read.clip_ids) == (examples.classes, examples.clip_ids)
    for ours, theirs in zip(read.spectrograms, examples.spectrograms, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(read.frequencies, examples.frequencies)
    np.testing.assert_array_equal(read.levels.values, examples.levels.values)
    assert read.levels.speakers == ("anna", "boris")


def test_what_is_no_file_of_examples_is_named(tmp_path):
    other = tmp_path / "other.npz"
    np.savez(other, classes=np.array(["happy"]))
    for path in (tmp_path / "absent.npz", other):
        with pytest.raises(DataError, match=rf"{path.name}: holds no example spectrograms"):
            read_example_file(path)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            {"classes": ("angry", "calm")},
            "no clip has 'calm' in column emotion with speech_song speech, speaker anna; "
            "values present: 'angry', 'happy'. Correct `classes`, `where` or `each` of the figure",
        ),
        (
            {"where": {"speaker": "carla"}},
            "'angry' in column emotion with speaker carla; values present: none",
        ),
        ({"by": "accent"}, "filters on column 'accent', .* has clip_id, speaker, emotion"),
        ({"where": {"sex": "female"}}, "`each` of the figure filters on column 'sex', which the"),
        ({"each": {"happy": {"sex": "male"}}}, "filters on column 'sex', which the"),
        (
            {"each": {"happy": {"speaker": "boris"}}},
            "no clip has 'happy' in column emotion with speech_song speech, speaker boris; "
            "values present: 'angry', 'calm'. Correct",
        ),
    ],
)
def test_a_choice_without_clips_names_the_dataset(tmp_path, change, fault):
    audio = write_audio(tmp_path, CLIPS)
    dataset, output = tmp_path / "ravdess-dogs.tsv", tmp_path / "examples.npz"
    CLIPS.to_csv(dataset, sep="\t", index=False)
    write_examples(dataset, [audio], HAPPY_ANGRY, FEATURE, output)
    assert read_example_file(output).clip_ids == ("d4", "d2")

    clips = HAPPY_ANGRY.model_copy(update=change)
    with pytest.raises(DataError, match=rf"ravdess-dogs\.tsv: .*{fault}"):
        write_examples(dataset, [audio], clips, FEATURE, output)


def test_audio_at_another_rate_is_refused(audio):
    other = FEATURE.model_copy(update={"sample_rate": 48000})
    with pytest.raises(DataError, match=r"audio is at 8000 Hz, .* at 48000 Hz"):
        class_examples(CLIPS, audio, HAPPY_ANGRY, other)


def test_real_angry_clips_are_louder_than_happy_ones(tmp_path):
    root = real_corpus("ravdess")
    paths = sorted(root.rglob("03-01-0[35]-02-02-01-0[1-3].flac"))
    emotions = {"03": "happy", "05": "angry"}
    clips = pd.DataFrame(
        {
            "clip_id": [path.stem for path in paths],
            "path": [str(path.relative_to(root)) for path in paths],
            "speaker": [path.stem[-2:] for path in paths],
            "emotion": [emotions[path.stem[6:8]] for path in paths],
        }
    )
    data = tmp_path / "shard000.npy"
    write_audio_shard(clips, root, 48000, data, data.with_suffix(".json"))
    feature = FEATURE.model_copy(update={"sample_rate": 48000, "window": 512, "hop": 256})
    chosen = ExampleClips(by="emotion", classes=("happy", "angry"), levels=True)

    examples = class_examples(clips, AudioStore([data]), chosen, feature)

    assert examples.clip_ids == ("03-01-03-02-02-01-01", "03-01-05-02-02-01-01")
    assert examples.levels.speakers == ("01", "02", "03")
    happy, angry = examples.levels.values
    assert ((angry - happy).mean(axis=1) > 0).all()
    assert max(image.max() for image in examples.spectrograms) < 0
