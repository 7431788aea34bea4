import io
import zipfile
from collections import Counter
from pathlib import PurePosixPath

import numpy as np
import pytest
import soundfile
from twin_difficulty import accuracy, mean_log_mel_of

from corpus_specs import corpus_spec
from real_corpora import real_corpus
from retable.corpora import vctk
from retable.corpora.datasets import select_clips
from retable.corpora.vctk_twin import simulate_archive, simulated_clips

NAME = "VCTK-Corpus-0.92.zip"
FOLDER = "VCTK-Corpus-0.92"
AUDIO = "wav48_silence_trimmed"
SPEAKER_GAIN = 0.15
"""Accuracy that random folds, which know the speakers, must gain over unseen ones."""


@pytest.fixture(scope="module")
def corpus():
    return corpus_spec("vctk")


def test_the_whole_twin_has_upstreams_speakers(corpus):
    """108 speakers of 0.80, by accent; each says the 24 sentences that all have in common."""
    clips = simulated_clips(corpus.simulation.model_copy(update={"keep": ()}))
    speakers = {clip["speaker"]: clip["accent"] for clip in clips}
    assert len(clips) == 108 * 24
    assert Counter(speakers.values()) == {
        "American": 22,
        "Australian": 2,
        "Canadian": 8,
        "English": 33,
        "Indian": 3,
        "Irish": 9,
        "New Zealand": 1,
        "Northern Irish": 6,
        "Scottish": 19,
        "South African": 4,
        "Welsh": 1,
    }


def test_the_speakers_are_described_as_upstream_does(corpus):
    file = real_corpus("vctk") / "speaker-info.txt"
    upstream = vctk.clip_descriptions({"speaker-info.txt": file})
    for clip in simulated_clips(corpus.simulation.model_copy(update={"keep": ()})):
        name, speaker = clip.pop("clip_id"), clip["speaker"]
        assert upstream.describe(PurePosixPath(speaker, f"{name}.flac")) == clip


def test_the_archive_has_upstreams_layout(twin_archive):
    with zipfile.ZipFile(twin_archive) as opened:
        names = opened.namelist()
        lines = opened.read("speaker-info.txt").decode().splitlines()
        sounds = [
            soundfile.read(io.BytesIO(opened.read(f"{AUDIO}/p225/p225_001_{microphone}.flac")))
            for microphone in ("mic1", "mic2")
        ]
        info = soundfile.info(io.BytesIO(opened.read(f"{AUDIO}/p225/p225_001_mic1.flac")))
    assert lines[0].split() == ["ID", "AGE", "GENDER", "ACCENTS", "REGION", "COMMENTS"]
    assert lines[1].split() == ["p225", "23", "F", "English"]
    assert len(lines) == 1 + 108
    assert {name.partition("/")[0] for name in names} == {
        "speaker-info.txt",
        "license_text",
        AUDIO,
        "txt",
    }
    assert sum(name.startswith(AUDIO) for name in names) == 2 * 37 * 6
    assert sum(name.startswith("txt/") for name in names) == 37 * 6
    assert "txt/p225/p225_001.txt" in names
    assert (info.format, info.subtype, info.channels) == ("FLAC", "PCM_16", 1)
    assert info.samplerate == 48_000
    assert 0.9 <= info.duration <= 1.3
    (first, _), (second, _) = sounds
    assert np.corrcoef(first, second)[0, 1] > 0.9
    assert np.std(second) < 0.6 * np.std(first)
    assert not np.array_equal(second, np.round(0.5 * first * 32768) / 32768)


def test_a_speaker_without_second_microphone_and_texts(corpus, tmp_path):
    """p315, as `speaker-info.txt` of 0.92 says."""
    keep = ({"speaker": ["p315"], "utterance": ["001"]},)
    simulate_archive(NAME, corpus.simulation.model_copy(update={"keep": keep}), tmp_path / NAME)
    with zipfile.ZipFile(tmp_path / NAME) as opened:
        names = opened.namelist()
    audio = f"{AUDIO}/p315/p315_001_mic1.flac"
    assert names == ["speaker-info.txt", "license_text", audio]


def test_the_demo_holds_six_clips_of_the_37_speakers(indexed_twin, corpus):
    manifest, rejected = indexed_twin
    assert len(rejected) == 0
    assert len(manifest) == 37 * 6
    assert set(manifest.groupby("speaker").size()) == {6}
    assert set(manifest["microphone"]) == {"mic1"}
    assert len(select_clips(manifest, corpus.datasets["accents"])) == len(manifest)


def test_the_second_microphone_and_the_texts_are_not_unpacked(twin_root):
    files = [path.name for path in (twin_root / FOLDER).rglob("*") if path.is_file()]
    assert len(files) == 1 + 37 * 6
    assert not any("mic2" in name or name.endswith("_001.txt") for name in files)


def test_a_clip_does_not_depend_on_the_others(corpus, twin_archive, tmp_path):
    name = f"{AUDIO}/p304/p304_006_mic2.flac"
    keep = ({"clip_id": ["p304_006_mic1"]},)
    simulate_archive(NAME, corpus.simulation.model_copy(update={"keep": keep}), tmp_path / NAME)
    with zipfile.ZipFile(tmp_path / NAME) as alone, zipfile.ZipFile(twin_archive) as together:
        assert alone.read(name) == together.read(name)


def test_accents_overlap_speakers_can_be_told_and_strangers_are_harder(indexed_twin, twin_root):
    manifest, _ = indexed_twin
    features = mean_log_mel_of(twin_root, manifest)
    random = accuracy(features, manifest["accent"])
    assert 0.40 <= random <= 0.85
    unseen = accuracy(features, manifest["accent"], manifest["speaker"])
    # Chance is 7 speakers of 37.
    assert 7 / 37 + 0.1 <= unseen <= random - SPEAKER_GAIN
    assert 0.40 <= accuracy(features, manifest["speaker"]) <= 0.95
