import io
import wave
import zipfile
from collections import Counter
from pathlib import PurePosixPath

import pandas as pd
import pytest
import soundfile

from retable.corpora import ravdess
from retable.corpora.counts import count_faults
from retable.corpora.datasets import select_clips
from retable.corpora.ravdess_twin import simulate_archive, simulated_clips

STEREO = {
    "03-01-02-01-01-02-01",
    "03-01-08-01-02-02-01",
    "03-01-02-01-02-02-05",
    "03-01-03-01-02-01-20",
    "03-01-06-01-01-02-20",
    "03-02-01-01-01-01-24",
}


def test_a_name_becomes_manifest_columns():
    clip = PurePosixPath("Audio_Speech_Actors_01-24/Actor_12/03-01-06-02-02-01-12.flac")
    assert ravdess.describe_clip(clip) == {
        "speaker": "12",
        "group": "12",
        "emotion": "fearful",
        "speech_song": "speech",
        "intensity": "strong",
        "statement": "02",
        "repetition": "01",
    }


@pytest.mark.parametrize(
    ("stem", "fault"),
    [
        ("03-01-06-02-02-01", "6 fields"),
        ("03-01-09-02-02-01-12", "emotion 09, expected 01 to 08"),
        ("03-01-01-02-02-01-12", "intensity 02, expected 01"),
        ("03-02-07-01-02-01-12", "emotion 07, expected 01 to 06"),
        ("03-02-03-01-02-01-18", "no song by actor 18"),
        ("03-01-06-02-02-01-25", "actor 25, expected 01 to 24"),
        ("01-01-06-02-02-01-12", "modality 01, expected 03"),
        ("notes", "1 fields"),
    ],
)
def test_a_name_that_upstream_does_not_use_is_refused(stem, fault):
    with pytest.raises(ValueError, match=f"^bad name: .*{fault}"):
        ravdess.describe_clip(PurePosixPath(f"Actor_12/{stem}.wav"))


def test_upstream_has_the_clips_that_its_paper_counts(corpus):
    """Livingstone and Russo (2018), less the songs of actor 18; by hand in ravdess.yaml."""
    clips = upstream = ravdess.upstream_clips()
    described = [ravdess.describe_clip(clip) for clip in clips]
    assert len({clip.stem for clip in upstream}) == 2452 == corpus.counts["clips"]["all"]
    for column, counts in corpus.counts.items():
        if column != "clips":
            assert Counter(clip[column] for clip in described) == counts
            assert sum(counts.values()) == 2452
    assert {clip.stem for clip in upstream} >= STEREO


def test_the_dataset_of_speech_has_all_that_is_spoken(corpus):
    """24 x 4 neutral clips, 24 x 8 of the others, under the names that they have anyway."""
    upstream = pd.DataFrame(map(ravdess.describe_clip, ravdess.upstream_clips()))
    clips = select_clips(upstream, corpus.datasets["speech"])
    emotions = corpus.labels["emotion"]
    assert Counter(clips["emotion"]) == {**dict.fromkeys(emotions, 192), "neutral": 96}
    assert set(clips["speech_song"]) == {"speech"}
    assert corpus.classes("speech")["emotion"] == emotions


def test_the_real_slice_is_the_dogs_subset(corpus, index, real_ravdess):
    manifest, rejected = index(real_ravdess)
    both = corpus.simulation.model_copy(update={"keep": corpus.datasets["dogs_both"].where})
    expected = {clip["clip_id"] for clip in simulated_clips(both)}
    assert len(rejected) == 0
    assert len(manifest) == 660
    assert set(manifest.clip_id) == expected
    assert set(manifest.sample_rate) == {48_000}
    # 24 actors spoke 7 emotions and neutral twice, 23 sang 5 and neutral twice.
    assert Counter(manifest.speech_song) == {"speech": 384, "song": 276}
    assert count_faults(manifest, rejected, corpus, partial=True) == []


def test_the_twin_has_upstreams_layout(twin, twin_index):
    manifest, rejected = twin_index
    assert len(rejected) == 0
    assert len(manifest) == 666
    assert set(manifest.path) < {str(clip) for clip in ravdess.upstream_clips()}
    assert sorted(set(manifest.speaker)) == [f"{actor:02}" for actor in range(1, 25)]
    songs = manifest[manifest.speech_song == "song"]
    assert sorted(set(manifest.speaker) - set(songs.speaker)) == ["18"]
    assert set(manifest.clip_id[manifest.channels == 2]) == STEREO
    assert set(manifest.sample_rate) == {48_000}
    formats = {soundfile.info(twin / path).subtype for path in manifest.path[:20]}
    assert formats == {"PCM_16"}
    assert manifest.duration_s.between(1.0, 1.2).all()


def test_the_twin_has_the_clips_that_its_simulation_keeps(corpus, twin_index):
    manifest, rejected = twin_index
    promised = simulated_clips(corpus.simulation)
    assert count_faults(manifest, rejected, corpus, twin=promised) == []


def test_equal_simulations_give_equal_bytes(short, short_archive, tmp_path):
    again = tmp_path / "again.zip"
    simulate_archive(short_archive.name, short, again)
    assert again.read_bytes() == short_archive.read_bytes()
    other = short.model_copy(update={"seed": short.seed + 1})
    simulate_archive(short_archive.name, other, again)
    assert again.read_bytes() != short_archive.read_bytes()


def test_a_clip_does_not_depend_on_which_others_are_kept(short, short_archive, tmp_path):
    stem = "03-01-06-02-02-01-05"
    alone = short.model_copy(update={"keep": ({"clip_id": [stem]},)})
    simulate_archive(short_archive.name, alone, tmp_path / "alone.zip")
    with (
        zipfile.ZipFile(short_archive) as all_clips,
        zipfile.ZipFile(tmp_path / "alone.zip") as one,
    ):
        assert one.namelist() == [f"Actor_05/{stem}.wav"]
        assert one.read(f"Actor_05/{stem}.wav") == all_clips.read(f"Actor_05/{stem}.wav")


def test_the_archive_is_stored_sorted_and_without_a_clock(short_archive):
    with zipfile.ZipFile(short_archive) as archive:
        members = archive.infolist()
        assert [member.filename for member in members] == sorted(archive.namelist())
        assert {member.compress_type for member in members} == {zipfile.ZIP_STORED}
        assert {member.date_time for member in members} == {(1980, 1, 1, 0, 0, 0)}
        with wave.open(io.BytesIO(archive.read(members[0]))) as clip:
            assert (clip.getframerate(), clip.getsampwidth()) == (48_000, 2)


def test_an_unknown_archive_is_refused(short, tmp_path):
    with pytest.raises(ValueError, match=r"no archive Video\.zip: it has Audio_Speech"):
        simulate_archive("Video.zip", short, tmp_path / "Video.zip")
