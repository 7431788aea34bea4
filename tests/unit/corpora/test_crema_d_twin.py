import csv
import io
import zipfile
from collections import Counter

import numpy as np
import pytest
import soundfile
from twin_difficulty import accuracy, mean_log_mel_of

from corpus_specs import CORPORA, corpus_spec
from retable.corpora import crema_d
from retable.corpora.counts import count_faults
from retable.corpora.crema_d_twin import CLASSES, simulate_archive, simulated_clips
from retable.corpora.datasets import select_clips
from retable.corpora.index import check_rejections, index_clips
from retable.corpora.unpack import unpack_archive

NAME = "CREMA-D.zip"
SPEAKER_GAIN = 0.05
"""Accuracy that random folds, which know the speakers, must gain over unseen ones."""


@pytest.fixture(scope="module")
def corpus():
    return corpus_spec("crema_d")


@pytest.fixture(scope="module")
def root(twin_archive):
    unpack_archive(twin_archive, twin_archive.parent / "CREMA-D", 2**30)
    return twin_archive.parent


@pytest.fixture(scope="module")
def index(root, corpus):
    return index_clips(root, ["CREMA-D"], corpus, crema_d.clip_descriptions({}), threads=2)


def test_the_whole_twin_has_the_clips_of_upstreams_list(corpus):
    clips = simulated_clips(corpus.simulation.model_copy(update={"keep": ()}))
    with (CORPORA / "crema_d-files.tsv").open(encoding="utf-8", newline="") as rows:
        upstream = [row["path"] for row in csv.DictReader(rows, delimiter="\t")]
    assert sorted(f"AudioWAV/{clip['clip_id']}.wav" for clip in clips) == sorted(upstream)
    for column in ("emotion", "speaker", "sentence", "level"):
        assert Counter(clip[column] for clip in clips) == corpus.counts[column]


def test_the_archive_has_upstreams_layout(twin_archive):
    with zipfile.ZipFile(twin_archive) as opened:
        names = opened.namelist()
        sounds = [soundfile.info(io.BytesIO(opened.read(name))) for name in names[:20]]
        silent, rate = soundfile.read(io.BytesIO(opened.read("AudioWAV/1076_MTI_SAD_XX.wav")))
    assert names == sorted(names)
    assert {name.split("/")[0] for name in names} == {"AudioWAV"}
    formats = {(one.format, one.samplerate, one.channels, one.subtype) for one in sounds}
    assert formats == {("WAV", 16_000, 1, "PCM_16")}
    assert all(1.0 <= one.duration <= 1.5 for one in sounds)
    assert not np.any(silent)
    assert 1.0 <= len(silent) / rate <= 1.5
    assert "AudioWAV/1040_ITH_SAD_X.wav" in names
    assert "AudioWAV/1040_ITH_SAD_XX.wav" not in names


def test_the_demo_holds_two_sentences_of_14_actors_and_one_with_levels(index, corpus, tmp_path):
    manifest, rejected = index
    assert list(rejected["clip_id"]) == ["1076_MTI_SAD_XX"]
    assert rejected["reason"][0].startswith("silent: all ")
    check_rejections(manifest, rejected, corpus, ["CREMA-D"], tmp_path / "rejected.tsv")
    assert len(manifest) == 14 * 2 * 6 + (5 * 3 + 1) - 1
    assert set(manifest.groupby("speaker")["emotion"].nunique()) == {6}
    assert Counter(manifest["level"]) == {"XX": 14 * 2 * 6 + 1 - 1, "LO": 5, "MD": 5, "HI": 5}


def test_the_silent_clip_counts_as_present(index, corpus):
    manifest, rejected = index
    promised = simulated_clips(corpus.simulation)
    assert count_faults(manifest, rejected, corpus, twin=promised) == []
    described = manifest[list(promised[0])].to_dict("records")
    by_name = sorted(promised, key=lambda clip: clip["clip_id"])
    assert described == [clip for clip in by_name if clip["clip_id"] != "1076_MTI_SAD_XX"]


def test_the_misnamed_clip_is_kept_with_a_remark(index):
    manifest, _ = index
    odd = manifest[manifest["remark"] != ""]
    assert odd[["clip_id", "path", "level", "remark"]].values.tolist() == [
        [
            "1040_ITH_SAD_XX",
            "CREMA-D/AudioWAV/1040_ITH_SAD_X.wav",
            "XX",
            "named 1040_ITH_SAD_X instead of 1040_ITH_SAD_XX",
        ]
    ]


def test_the_classes_of_the_twin_are_those_of_the_dataset(index, corpus):
    manifest, _ = index
    clips = select_clips(manifest, corpus.datasets["all"])
    assert len(clips) == len(manifest)
    assert list(clips["emotion"]) == [CLASSES[emotion] for emotion in manifest["emotion"]]


def test_equal_simulations_give_equal_bytes(corpus, tmp_path):
    contents = []
    for number, seed in enumerate((0, 0, 1)):
        keep = ({"speaker": ["1076"], "sentence": ["MTI"]},)
        simulation = corpus.simulation.model_copy(update={"seed": seed, "keep": keep})
        simulate_archive(NAME, simulation, tmp_path / f"{number}.zip")
        contents.append((tmp_path / f"{number}.zip").read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_an_unknown_archive_is_refused(corpus, tmp_path):
    with pytest.raises(ValueError, match=r"CREMA-D has no archive a\.zip: it has CREMA-D\.zip"):
        simulate_archive("a.zip", corpus.simulation, tmp_path / "a.zip")


def test_emotions_overlap_and_strangers_are_harder(index, root):
    manifest, _ = index
    features = mean_log_mel_of(root, manifest)
    random = accuracy(features, manifest["emotion"])
    unseen = accuracy(features, manifest["emotion"], manifest["speaker"])
    assert 0.40 <= random <= 0.85
    assert 1 / 6 + 0.1 <= unseen <= random - SPEAKER_GAIN
