import io
import zipfile
from collections import Counter
from pathlib import Path

import pytest
import soundfile
from twin_difficulty import accuracy, accuracy_in_folds, mean_log_mel_of

from corpus_specs import corpus_spec
from real_corpora import real_corpus
from retable.corpora import tess
from retable.corpora.counts import count_faults
from retable.corpora.datasets import select_clips
from retable.corpora.index import index_clips
from retable.corpora.tess_twin import CLASSES, simulate_archive, simulated_clips
from retable.corpora.unpack import unpack_archive

NAME = "TESS.zip"
FOLDER = "TESS Toronto emotional speech set data"
SPEAKER_GAIN = 0.1
"""Accuracy that random folds, which know the speakers, must gain over unseen ones."""


@pytest.fixture(scope="module")
def corpus():
    return corpus_spec("tess")


@pytest.fixture(scope="module")
def root(twin_archive):
    unpack_archive(twin_archive, twin_archive.parent / "TESS", 2**30)
    return twin_archive.parent


@pytest.fixture(scope="module")
def index(root, corpus):
    return index_clips(root, ["TESS"], corpus, tess.clip_descriptions({}), threads=2)


def test_the_whole_twin_has_upstreams_counts(corpus):
    clips = simulated_clips(corpus.simulation.model_copy(update={"keep": ()}))
    assert len({clip["clip_id"] for clip in clips}) == 2800
    for column in ("speaker", "emotion"):
        assert Counter(clip[column] for clip in clips) == corpus.counts[column]
    assert set(Counter(clip["word"] for clip in clips).values()) == {2 * 7}
    assert all(set(clip) == set(clips[0]) for clip in clips)


def test_the_archive_has_upstreams_layout(twin_archive):
    with zipfile.ZipFile(twin_archive) as opened:
        names = opened.namelist()
        clips = {Path(name).stem: io.BytesIO(opened.read(name)) for name in names}
    assert names == sorted(names)
    assert {name.split("/")[0] for name in names} == {FOLDER}
    sounds = {stem: soundfile.info(content) for stem, content in clips.items()}
    assert {(one.channels, one.subtype) for one in sounds.values()} == {(1, "PCM_16")}
    assert all(0.9 <= one.duration <= 1.2 for one in sounds.values())
    rates = {stem: one.samplerate for stem, one in sounds.items() if one.samplerate != 24_414}
    assert rates == {"OAF_food_fear": 96_000}
    others = {stem: one.format for stem, one in sounds.items() if one.format != "WAV"}
    assert others == {"YAF_germ_angry": "AIFF", "YAF_neat_fear": "AIFF"}
    assert f"{FOLDER}/OAF_neutral/OA_bite_neutral.wav" in names
    assert f"{FOLDER}/OAF_neutral/OAF_bite_neutral.wav" not in names


def test_files_and_folders_are_called_as_upstream_calls_them(twin_archive):
    """Of the slice all but one clip, OAF_bone_neutral, are in the twin."""
    real = real_corpus("tess")
    upstream = {str(path.relative_to(real).with_suffix("")) for path in real.rglob("*.*")}
    with zipfile.ZipFile(twin_archive) as opened:
        simulated = {name.removesuffix(".wav") for name in opened.namelist()}
    assert simulated < upstream
    assert upstream - simulated == {f"{FOLDER}/OAF_neutral/OAF_bone_neutral"}


def test_the_demo_holds_eight_clips_of_each_speaker_and_emotion(index, corpus):
    manifest, rejected = index
    assert len(rejected) == 0
    sizes = manifest.groupby(["speaker", "emotion"]).size()
    assert len(sizes) == 2 * 7
    more = {pair: int(size) for pair, size in sizes.items() if size != 8}
    assert more == {("OAF", "fear"): 9, ("YAF", "angry"): 9, ("YAF", "fear"): 9}
    promised = simulated_clips(corpus.simulation)
    assert count_faults(manifest, rejected, corpus, twin=promised) == []
    described = manifest[list(promised[0])].to_dict("records")
    assert described == sorted(promised, key=lambda clip: clip["clip_id"])


def test_the_odd_clips_are_kept_with_remarks(index):
    manifest, _ = index
    odd = manifest[manifest["remark"] != ""]
    assert dict(zip(odd["clip_id"], odd["remark"], strict=True)) == {
        "OAF_bite_neutral": "named OA_bite_neutral instead of OAF_bite_neutral",
        "OAF_food_fear": "96000 Hz, not 24414",
        "YAF_germ_angry": "AIFF data under the name .wav",
        "YAF_neat_fear": "AIFF data under the name .wav",
    }


def test_the_classes_of_the_twin_are_those_of_the_dataset(index, corpus):
    manifest, _ = index
    clips = select_clips(manifest, corpus.datasets["all"])
    assert len(clips) == len(manifest)
    assert list(clips["emotion"]) == [CLASSES[emotion] for emotion in manifest["emotion"]]


def test_equal_simulations_give_equal_bytes(corpus, tmp_path):
    """AIFF data among them."""
    contents = []
    for number, seed in enumerate((0, 0, 1)):
        keep = ({"word": ["germ"]}, {"clip_id": ["OAF_food_fear"]})
        simulation = corpus.simulation.model_copy(update={"seed": seed, "keep": keep})
        simulate_archive(NAME, simulation, tmp_path / f"{number}.zip")
        contents.append((tmp_path / f"{number}.zip").read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_an_unknown_archive_is_refused(corpus, tmp_path):
    with pytest.raises(ValueError, match=r"TESS has no archive OAF\.zip: it has TESS\.zip"):
        simulate_archive("OAF.zip", corpus.simulation, tmp_path / "OAF.zip")


def test_emotions_overlap_and_strangers_are_harder(index, root):
    manifest, _ = index
    clips = manifest[manifest["sample_rate"] == tess.SAMPLE_RATE]
    features = mean_log_mel_of(root, clips)
    random = accuracy(features, clips["emotion"])
    unseen = accuracy_in_folds(features, clips["emotion"], clips["speaker"])
    assert 0.40 <= random <= 0.85
    assert 1 / 7 + 0.1 <= unseen <= random - SPEAKER_GAIN
