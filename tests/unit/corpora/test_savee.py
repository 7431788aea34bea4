from collections import Counter
from pathlib import PurePosixPath

import numpy as np
import pytest
import soundfile
from job_index import index

from corpus_specs import corpus_spec
from retable.corpora import savee
from retable.corpora.counts import count_faults
from retable.corpora.datasets import select_clips
from retable.corpora.source import resolve_source
from retable.errors import DataError, MissingData

# Two of each speaker, in upstream's layout.
CLIPS = ("DC/a01.wav", "DC/sa15.wav", "JE/d02.wav", "JE/su03.wav", "JK/f04.wav", "JK/h05.wav")
NEUTRAL = ("KL/n01.wav", "KL/n30.wav")


@pytest.fixture(scope="module")
def corpus():
    return corpus_spec("savee")


def write_clips(root, names):
    """Half a second of noise for each name."""
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = 0.1 * np.random.default_rng(number).standard_normal(22_050)
        soundfile.write(path, noise, 44_100, subtype="PCM_16")
    return root


@pytest.mark.parametrize(
    "path", ["AudioData/DC/sa07.wav", "AudioData/DC_sa07.wav", "ALL/DC_sa07.flac", "DC/DC_sa07.wav"]
)
def test_folder_or_name_tells_the_speaker(path):
    assert savee.describe_clip(PurePosixPath(path)) == {
        "clip_id": "DC_sa07",
        "speaker": "DC",
        "group": "DC",
        "emotion": "sa",
        "utterance": "07",
    }


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("DC/a1.wav", r"a1, expected one like a01 \(in folder DC\) or DC_a01"),
        ("DC/03-01-06-02-02-01-12.wav", "03-01-06-02-02-01-12, expected one like a01"),
        ("AudioData/a01.wav", "a01 in folder AudioData has no speaker of DC, JE, JK, KL"),
        ("AudioData/XY_a01.wav", "XY_a01 has no speaker of DC, JE, JK, KL"),
        ("JE/DC_a01.wav", "DC_a01 in folder JE, expected folder DC$"),
        ("DC/c01.wav", "c01 has emotion c, expected one of a, d, f, h, n, sa, su"),
        ("DC/a16.wav", "a16 has number 16, expected 01 to 15 of a"),
        ("DC/n31.wav", "n31 has number 31, expected 01 to 30 of n"),
        ("DC/su00.wav", "su00 has number 00, expected 01 to 15 of su"),
    ],
)
def test_another_name_or_folder_is_refused(path, fault):
    with pytest.raises(ValueError, match=rf"^bad name: {fault}"):
        savee.describe_clip(PurePosixPath(path))


def test_the_spec_has_the_counts_of_upstream(corpus):
    """4 speakers x (6 emotions x 15 + 30)."""
    assert corpus.counts == {
        "clips": {"all": 4 * (6 * 15 + 30)},
        "speaker": dict.fromkeys(savee.SPEAKERS, 6 * 15 + 30),
        "emotion": {**dict.fromkeys(savee.EMOTIONS, 4 * 15), "n": 4 * 30},
    }
    assert corpus.labels == {"emotion": savee.EMOTIONS}
    assert corpus.speakers == len(savee.SPEAKERS)
    assert corpus.sample_rate == savee.SAMPLE_RATE


@pytest.mark.parametrize(
    ("folder", "flat"), [("AudioData", False), ("AudioData", True), ("ALL", True)]
)
def test_a_directory_has_a_folder_a_speaker_or_is_flat(corpus, tmp_path, folder, flat):
    names = [name.replace("/", "_") if flat else name for name in (*CLIPS, *NEUTRAL)]
    write_clips(tmp_path, [f"{folder}/{name}" for name in names])
    source = resolve_source(corpus, str(tmp_path))
    assert (source.kind, source.folders) == ("folders", (folder,))
    manifest, rejected = index(tmp_path, corpus, source.folders)
    assert len(rejected) == 0
    expected = sorted(name.removesuffix(".wav").replace("/", "_") for name in (*CLIPS, *NEUTRAL))
    assert list(manifest["clip_id"]) == expected
    assert set(manifest["remark"]) == {""}
    assert Counter(manifest["speaker"]) == {"DC": 2, "JE": 2, "JK": 2, "KL": 2}
    assert count_faults(manifest, rejected, corpus, partial=True) == []
    assert "8 clips, upstream promises 480" in count_faults(manifest, rejected, corpus)


def test_a_clip_that_is_there_in_both_layouts_is_rejected_once(corpus, tmp_path):
    write_clips(tmp_path, [f"AudioData/{name}" for name in (*CLIPS, *NEUTRAL, "DC_a01.wav")])
    lenient = corpus.model_copy(update={"max_rejected": 0.5})
    manifest, rejected = index(tmp_path, lenient, ["AudioData"])
    assert len(manifest) == 8
    assert list(rejected["path"]) == ["AudioData/DC_a01.wav"]
    assert rejected["reason"][0].endswith("same clip as AudioData/DC/a01.wav")


def test_the_dataset_has_ravdess_names(corpus, tmp_path):
    manifest, _ = index(
        write_clips(tmp_path, [f"AudioData/{name}" for name in (*CLIPS, *NEUTRAL)]),
        corpus,
        ["AudioData"],
    )
    clips = select_clips(manifest, corpus.datasets["all"])
    assert dict(zip(clips["clip_id"], clips["emotion"], strict=True)) == {
        "DC_a01": "angry",
        "DC_sa15": "sad",
        "JE_d02": "disgust",
        "JE_su03": "surprised",
        "JK_f04": "fearful",
        "JK_h05": "happy",
        "KL_n01": "neutral",
        "KL_n30": "neutral",
    }
    assert corpus.classes("all") == {
        "emotion": ("neutral", "happy", "sad", "angry", "fearful", "disgust", "surprised")
    }


def test_it_is_not_downloaded_but_asked_for(corpus):
    with pytest.raises(MissingData, match=r"Ask the University of Surrey .*registration"):
        resolve_source(corpus, "upstream")


def test_another_directory_is_told_what_it_lacks(corpus, tmp_path):
    (tmp_path / "Data").mkdir()
    expected = r"expected the folders AudioData/ or ALL/ or the archives AudioData\.zip"
    with pytest.raises(DataError, match=expected):
        resolve_source(corpus, str(tmp_path))
