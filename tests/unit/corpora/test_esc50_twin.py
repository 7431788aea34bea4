import csv
import io
import zipfile
from pathlib import Path

import pytest
import soundfile
from twin_difficulty import accuracy, accuracy_in_folds, mean_log_mel_of

from corpus_specs import corpus_spec
from retable.corpora import esc50
from retable.corpora.esc50_twin import simulate_archive, simulated_clips

NAME = "ESC-50-master.zip"
RANDOM_GAIN = 0.08
"""Accuracy that random folds must gain over the official ones."""


@pytest.fixture(scope="module")
def corpus():
    return corpus_spec("esc50")


def test_folds_share_no_recording(corpus):
    clips = simulated_clips(corpus.simulation.model_copy(update={"keep": ()}))
    folds = {(clip["group"], clip["fold"]) for clip in clips}
    assert len(folds) == len({group for group, _ in folds}) == 500
    for clip in clips:
        target = esc50.EVENTS.index(clip["event"])
        assert clip["clip_id"] == f"{clip['fold']}-{clip['group']}-{clip['take']}-{target}"


def test_the_archive_has_upstreams_layout(twin_archive, corpus):
    clips = simulated_clips(corpus.simulation)
    with zipfile.ZipFile(twin_archive) as opened:
        names = opened.namelist()
        assert names == [
            *(f"ESC-50-master/audio/{clip['clip_id']}.wav" for clip in clips),
            "ESC-50-master/meta/esc50.csv",
        ]
        rows = list(csv.DictReader(io.StringIO(opened.read(names[-1]).decode())))
        sounds = [soundfile.info(io.BytesIO(opened.read(name))) for name in names[:5]]
    header = ["filename", "fold", "target", "category", "esc10", "src_file", "take"]
    assert list(rows[0]) == header
    assert [row["filename"] for row in rows] == [Path(name).name for name in names[:-1]]
    formats = {(one.samplerate, one.channels, one.subtype, one.frames) for one in sounds}
    assert formats == {(44_100, 1, "PCM_16", 66_150)}


def test_the_demo_holds_four_clips_of_ten_classes_in_each_fold(indexed_twin):
    manifest, rejected = indexed_twin
    assert len(rejected) == 0
    assert len(manifest) == 200
    assert set(manifest.groupby(["event", "fold"]).size()) == {4}
    assert set(manifest.groupby("group").size()) == {2}


def test_clips_as_long_as_upstreams(corpus, tmp_path):
    stem = "3-100200-A-0"
    simulation = corpus.simulation.model_copy(
        update={"keep": ({"clip_id": [stem]},), "duration_s": (5.0, 5.0)}
    )
    simulate_archive(NAME, simulation, tmp_path / NAME)
    with zipfile.ZipFile(tmp_path / NAME) as opened:
        clip = io.BytesIO(opened.read(f"ESC-50-master/audio/{stem}.wav"))
    assert soundfile.info(clip).frames == 220_500


def test_events_overlap_and_random_folds_know_the_recordings(indexed_twin, twin_root):
    manifest, _ = indexed_twin
    features = mean_log_mel_of(twin_root, manifest)
    official = accuracy_in_folds(features, manifest["event"], manifest["fold"])
    assert 0.40 <= official <= 0.85
    assert accuracy(features, manifest["event"]) - official >= RANDOM_GAIN
