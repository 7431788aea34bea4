import io
import zipfile
from collections import Counter

import pytest
import soundfile
from twin_difficulty import accuracy, accuracy_in_folds, mean_log_mel_of

from corpus_specs import corpus_spec
from retable.corpora import savee
from retable.corpora.counts import count_faults
from retable.corpora.datasets import select_clips
from retable.corpora.index import index_clips
from retable.corpora.savee_twin import CLASSES, simulate_archive, simulated_clips
from retable.corpora.unpack import unpack_archive

NAME = "AudioData.zip"
SPEAKER_GAIN = 0.1
"""Accuracy that random folds, which know the speakers, must gain over unseen ones."""


@pytest.fixture(scope="module")
def corpus():
    return corpus_spec("savee")


@pytest.fixture(scope="module")
def root(twin_archive):
    unpack_archive(twin_archive, twin_archive.parent / "SAVEE", 2**30)
    return twin_archive.parent


@pytest.fixture(scope="module")
def index(root, corpus):
    return index_clips(root, ["SAVEE"], corpus, savee.clip_descriptions({}), threads=2)


def test_the_whole_twin_has_upstreams_counts(corpus):
    clips = simulated_clips(corpus.simulation.model_copy(update={"keep": ()}))
    assert len({clip["clip_id"] for clip in clips}) == 480
    for column in ("speaker", "emotion"):
        assert Counter(clip[column] for clip in clips) == corpus.counts[column]


def test_the_archive_has_upstreams_layout(twin_archive):
    with zipfile.ZipFile(twin_archive) as opened:
        names = opened.namelist()
        sounds = [soundfile.info(io.BytesIO(opened.read(name))) for name in names[:20]]
    assert names == sorted(names)
    assert names[0] == "AudioData/DC/a01.wav"
    assert {name.split("/")[1] for name in names} == set(savee.SPEAKERS)
    formats = {(one.format, one.samplerate, one.channels, one.subtype) for one in sounds}
    assert formats == {("WAV", 44_100, 1, "PCM_16")}
    assert all(1.0 <= one.duration <= 1.5 for one in sounds)


def test_the_demo_holds_three_clips_of_each_speaker_and_emotion(index, corpus):
    manifest, rejected = index
    assert len(rejected) == 0
    sizes = manifest.groupby(["speaker", "emotion"]).size()
    assert len(sizes) == 4 * 7
    assert all(size == (6 if emotion == "n" else 3) for (_, emotion), size in sizes.items())
    promised = simulated_clips(corpus.simulation)
    assert count_faults(manifest, rejected, corpus, twin=promised) == []
    described = manifest[list(promised[0])].to_dict("records")
    assert described == sorted(promised, key=lambda clip: clip["clip_id"])


def test_the_classes_of_the_twin_are_those_of_the_dataset(index, corpus):
    manifest, _ = index
    clips = select_clips(manifest, corpus.datasets["all"])
    assert len(clips) == len(manifest)
    assert list(clips["emotion"]) == [CLASSES[emotion] for emotion in manifest["emotion"]]


def test_equal_simulations_give_equal_bytes(corpus, tmp_path):
    contents = []
    for number, seed in enumerate((0, 0, 1)):
        keep = ({"speaker": ["JK"], "utterance": ["01"]},)
        simulation = corpus.simulation.model_copy(update={"seed": seed, "keep": keep})
        simulate_archive(NAME, simulation, tmp_path / f"{number}.zip")
        contents.append((tmp_path / f"{number}.zip").read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_an_unknown_archive_is_refused(corpus, tmp_path):
    with pytest.raises(ValueError, match=r"SAVEE has no archive ALL\.zip: it has AudioData\.zip"):
        simulate_archive("ALL.zip", corpus.simulation, tmp_path / "ALL.zip")


def test_emotions_overlap_and_strangers_are_harder(index, root):
    manifest, _ = index
    features = mean_log_mel_of(root, manifest)
    random = accuracy(features, manifest["emotion"])
    unseen = accuracy_in_folds(features, manifest["emotion"], manifest["speaker"])
    assert 0.40 <= random <= 0.85
    # A quarter of the clips is neutral.
    assert 0.25 + 0.1 <= unseen <= random - SPEAKER_GAIN
