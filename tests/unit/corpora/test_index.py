import hashlib
import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile

from retable.corpora.counts import count_faults
from retable.corpora.files import ClipDescriptions
from retable.corpora.index import (
    check_groups,
    check_named,
    check_rejections,
    index_clips,
    read_manifest,
)
from retable.corpora.ravdess_twin import simulated_clips
from retable.corpora.unpack import unpack_archive
from retable.errors import DataError
from retable.tsv import write_tsv

FOLDER = "Audio_Speech_Actors_01-24"


@pytest.fixture
def root(short_archive, tmp_path):
    """The unpacked small archive: 49 clips of three actors and a few stereo ones."""
    unpack_archive(short_archive, tmp_path / FOLDER, 2**30)
    return tmp_path


@pytest.fixture
def actor(root):
    return root / FOLDER / "Actor_01"


def reasons(rejected):
    return dict(zip(rejected.path, rejected.reason, strict=True))


def test_a_row_describes_its_clip(root, index):
    manifest, rejected = index(root)
    assert list(manifest.columns) == [
        *("clip_id", "path", "sha256", "sample_rate", "channels", "frames", "duration_s"),
        *("speaker", "group", "emotion", "speech_song", "intensity", "statement", "repetition"),
        "remark",
    ]
    row = manifest[manifest.clip_id == "03-01-06-02-02-01-05"].iloc[0]
    path = root / row.path
    assert row.path == f"{FOLDER}/Actor_05/03-01-06-02-02-01-05.wav"
    assert row.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert row.frames == soundfile.info(path).frames
    assert row.duration_s == pytest.approx(row.frames / 48_000, abs=1e-6)
    assert (row.emotion, row.speaker, row.group) == ("fearful", "05", "05")
    assert set(manifest.remark) == {""}
    assert manifest.clip_id.is_monotonic_increasing
    assert len(rejected) == 0


def test_faulty_files_are_rejected_with_the_reason(root, actor, index):
    names = [f"03-01-0{emotion}-02-02-01-01.wav" for emotion in range(2, 8)]
    samples, _ = soundfile.read(actor / names[0])
    (actor / names[0]).write_text("version https://git-lfs.github.com/spec/v1\n")
    soundfile.write(actor / names[1], np.zeros(4800), 48_000)
    soundfile.write(actor / names[2], samples, 16_000)
    (actor / names[3]).write_bytes((actor / names[3]).read_bytes()[:5000])
    (actor / names[4]).rename(actor / "fearful.wav")
    (actor / names[5]).write_text("<html>404</html>")
    (actor / "._03-01-02-02-02-01-01.wav").write_text("left by another system")
    (actor / "notes.txt").write_text("no clip")
    manifest, rejected = index(root)
    found = reasons(rejected)
    assert list(found) == sorted(found)
    prefix = f"{FOLDER}/Actor_01"
    assert found.pop(f"{prefix}/{names[0]}").startswith("unreadable: a Git LFS pointer")
    assert found.pop(f"{prefix}/{names[1]}") == "silent: all 4800 samples are zero"
    assert found.pop(f"{prefix}/{names[2]}") == "wrong rate: 16000 Hz, expected 48000 Hz"
    assert found.pop(f"{prefix}/{names[3]}").startswith("unreadable: truncated: 5000 of ")
    assert found.pop(f"{prefix}/{names[5]}").startswith("unreadable: ")
    assert found.pop(f"{prefix}/fearful.wav").startswith("bad name: fearful has 1 fields")
    assert found == {}
    assert not set(manifest.clip_id) & {name.removesuffix(".wav") for name in names}


def test_a_rejected_clip_keeps_what_its_name_says(root, actor, index):
    soundfile.write(actor / "03-01-02-02-02-01-01.wav", np.zeros(10), 48_000)
    (actor / "03-01-03-02-02-01-01.wav").rename(actor / "happy.wav")
    manifest, rejected = index(root)
    assert list(rejected.columns) == ["path", "reason", "clip_id", *manifest.columns[7:-1]]
    silent, misnamed = rejected.to_dict("records")
    assert (silent["emotion"], silent["speaker"]) == ("calm", "01")
    assert (misnamed["emotion"], misnamed["speaker"]) == ("", "")
    assert [silent["clip_id"], misnamed["clip_id"]] == ["03-01-02-02-02-01-01", "happy"]


def test_what_a_clip_has_not_is_empty(root, corpus):
    named = ClipDescriptions(lambda path: {"emotion": "calm", "group": path.parts[1]})
    manifest, rejected = index_clips(root, [FOLDER], corpus, named, threads=1)
    assert set(manifest.speaker) == set(manifest.speech_song) == {""}
    assert set(manifest.group) == {path.name for path in (root / FOLDER).iterdir()}
    assert len(rejected) == 0


def test_only_the_given_folders_are_indexed(root, corpus):
    names = ClipDescriptions(lambda path: {"group": path.stem})
    folders = [f"{FOLDER}/Actor_05", f"{FOLDER}/Actor_01/03-01-02-02-02-01-01.wav", "nowhere"]
    manifest, _ = index_clips(root, folders, corpus, names, threads=1)
    actors = {path.split("/")[1] for path in manifest.path}
    assert actors == {"Actor_01", "Actor_05"}
    assert sum("Actor_01" in path for path in manifest.path) == 1
    again, _ = index_clips(root, [FOLDER, *folders], corpus, names, threads=1)
    assert again.clip_id.is_unique


def test_a_clip_that_a_list_names_must_have_a_file(root, corpus, actor, index):
    soundfile.write(actor / "03-01-02-02-02-01-01.wav", np.zeros(10), 48_000)
    manifest, rejected = index(root)
    there = [*manifest.clip_id, "03-01-02-02-02-01-01"]
    check_named(manifest, rejected, dict.fromkeys(there, "clips.csv"), corpus)
    missing = {f"clip{number:02}": "clips.csv" for number in range(12)} | {"other": "folds.txt"}
    with pytest.raises(DataError) as caught:
        check_named(manifest, rejected, dict.fromkeys(there, "clips.csv") | missing, corpus)
    message = str(caught.value)
    assert f"corpus ravdess: 13 of {len(there) + 13} clips that its lists name have no" in message
    assert "  - clips.csv names clip00, clip01" in message
    assert "clip09 and 2 more\n  - folds.txt names other\n" in message
    assert "set corpora.ravdess.partial: true" in message


def grouped(*clips):
    """A manifest of clips, each: path, group and accent."""
    return pd.DataFrame(clips, columns=["path", "group", "accent"])


def test_a_group_with_two_classes_of_a_task_that_its_clips_share(corpus):
    shared = corpus.model_copy(update={"same_in_group": ("accent",)})
    manifest = grouped(
        *((f"au/a{number}.wav", "a", "AU") for number in range(5)),
        ("uk/a5.wav", "a", "UK"),
        ("uk/b0.wav", "b", "UK"),
        ("us/c0.wav", "c", "US"),
        ("uk/c1.wav", "c", "UK"),
    )
    with pytest.raises(DataError) as caught:
        check_groups(manifest, shared)
    message = str(caught.value)
    assert "corpus ravdess: 2 of 3 groups have clips of more than one accent:\n" in message
    assert "  - a: AU (au/a0.wav, au/a1.wav, au/a2.wav and 2 more), UK (uk/a5.wav)\n" in message
    assert "  - c: UK (uk/c1.wav), US (us/c0.wav)\n" in message
    assert "  - b" not in message
    # Where the corpus shares nothing within a group, as a speaker with all emotions, all is well.
    check_groups(manifest, corpus)


def test_clips_without_a_group_are_no_group(corpus):
    shared = corpus.model_copy(update={"same_in_group": ("accent",)})
    check_groups(grouped(("a.wav", "", "AU"), ("b.wav", "", "UK"), ("c.wav", "c", "UK")), shared)
    check_groups(grouped(), shared)


def test_a_truncated_flac_is_rejected(root, actor, index):
    clip = actor / "03-01-02-02-02-01-01.wav"
    samples, rate = soundfile.read(clip)
    flac = clip.with_suffix(".flac")
    soundfile.write(flac, samples, rate)
    flac.write_bytes(flac.read_bytes()[: flac.stat().st_size // 2])
    clip.unlink()
    _, rejected = index(root)
    assert list(reasons(rejected)) == [f"{FOLDER}/Actor_01/03-01-02-02-02-01-01.flac"]
    assert rejected.reason[0].startswith("unreadable: ")


def test_stems_identify_clips_whatever_the_format(root, actor, index):
    clip = actor / "03-01-02-02-02-01-01.wav"
    samples, rate = soundfile.read(clip)
    for suffix in (".flac", ".ogg", ".mp3"):
        soundfile.write(clip.with_suffix(suffix), samples, rate)
        clip.unlink()
        clip = clip.with_suffix(suffix)
        manifest, rejected = index(root)
        row = manifest[manifest.clip_id == clip.stem].iloc[0]
        assert row.path.endswith(suffix)
        assert row.emotion == "calm"
        assert len(rejected) == 0


def test_of_two_files_of_one_clip_the_first_is_kept(root, actor, index):
    clip = actor / "03-01-02-02-02-01-01.wav"
    copy = root / FOLDER / "Copies" / clip.name
    copy.parent.mkdir()
    shutil.copy(clip, copy)
    manifest, rejected = index(root)
    kept = f"{FOLDER}/Actor_01/{clip.name}"
    assert kept in set(manifest.path)
    assert reasons(rejected) == {
        f"{FOLDER}/Copies/{clip.name}": f"duplicate clip: same clip as {kept}"
    }


def test_a_manifest_survives_the_disk(root, actor, tmp_path, index):
    soundfile.write(actor / "03-01-02-02-02-01-01.wav", np.zeros(10), 48_000)
    for number, frame in enumerate(index(root)):
        path = tmp_path / f"{number}.tsv"
        write_tsv(frame, path)
        pd.testing.assert_frame_equal(read_manifest(path), frame)
        assert b"\r" not in path.read_bytes()


def test_a_label_called_na_stays_text(tmp_path):
    path = tmp_path / "manifest.tsv"
    frame = pd.DataFrame({"path": ["a.wav", "b.wav"], "accent": ["NA", "01"], "frames": [1, 2]})
    write_tsv(frame, path)
    assert list(read_manifest(path).accent) == ["NA", "01"]
    assert list(read_manifest(path).frames) == [1, 2]


def test_another_file_is_no_manifest(tmp_path):
    (tmp_path / "x.tsv").write_text("row\tcolumn\n1\t2\n")
    with pytest.raises(DataError, match=r"x\.tsv: column path is missing .*found row, column"):
        read_manifest(tmp_path / "x.tsv")
    (tmp_path / "y.tsv").write_text("path\tframes\na.wav\tmany\n")
    with pytest.raises(DataError, match=r"y\.tsv: .* holds no number .*'many'"):
        read_manifest(tmp_path / "y.tsv")


def test_too_many_rejections_fail_and_name_the_first_ten(root, corpus, actor, index):
    clips = sorted(actor.iterdir())
    for clip in clips[:12]:
        clip.write_text("no audio")
    manifest, rejected = index(root)
    with pytest.raises(DataError) as caught:
        check_rejections(manifest, rejected, corpus, [FOLDER], root / "rejected.tsv")
    message = str(caught.value)
    assert f"12 of {len(manifest) + 12} clips rejected, at most 1.00% may be" in message
    assert message.count("unreadable") == 10
    assert "and 2 more" in message
    assert str(root / "rejected.tsv") in message
    lenient = corpus.model_copy(update={"max_rejected": 0.5})
    check_rejections(manifest, rejected, lenient, [FOLDER], root / "rejected.tsv")


def test_a_corpus_without_clips_fails(corpus, tmp_path, index):
    manifest, rejected = index(tmp_path)
    assert len(manifest) == len(rejected) == 0
    with pytest.raises(DataError, match="no audio file in speech, song"):
        check_rejections(manifest, rejected, corpus, ["speech", "song"], tmp_path / "rejected.tsv")


def test_counts_are_held_against_upstream(root, corpus, index):
    manifest, rejected = index(root)
    faults = count_faults(manifest, rejected, corpus)
    assert f"{len(manifest)} clips, upstream promises 2452" in faults
    assert "0 clips of speech_song song, upstream promises 1012" in faults
    assert "3 speakers, upstream promises 24" in faults
    assert count_faults(manifest, rejected, corpus, partial=True) == []


def test_a_missing_clip_of_the_twin_is_a_fault_and_a_rejected_one_is_none(
    root, corpus, actor, index, short
):
    promised = [clip for clip in simulated_clips(short) if clip["speech_song"] == "speech"]
    silent = actor / "03-01-02-02-02-01-01.wav"
    soundfile.write(silent, np.zeros(10), 48_000)
    manifest, rejected = index(root)
    assert len(rejected) == 1
    assert count_faults(manifest, rejected, corpus, twin=promised) == []
    silent.unlink()
    manifest, rejected = index(root)
    faults = count_faults(manifest, rejected, corpus, twin=promised)
    expected = len(promised)
    assert f"{expected - 1} clips, the simulation promises {expected}" in faults
    assert len(faults) == 6  # clips, speech, calm, strong, statement 02, repetition 01


def test_a_class_that_the_corpus_does_not_name_is_a_fault(root, corpus, index):
    manifest, rejected = index(root)
    manifest.loc[0, "emotion"] = "bored"
    faults = count_faults(manifest, rejected, corpus, partial=True)
    assert faults == ["emotion: 1 clips of class 'bored', which the corpus does not name"]
