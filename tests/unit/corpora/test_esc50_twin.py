import csv
import io
import zipfile
from collections import Counter
from pathlib import Path

import pytest
import soundfile
from twin_difficulty import accuracy, accuracy_in_folds, mean_log_mel_of

from corpus_specs import corpus_spec
from retable.corpora import esc50
from retable.corpora.counts import count_faults
from retable.corpora.esc50_twin import simulate_archive, simulated_clips
from retable.corpora.index import check_named, index_clips
from retable.corpora.metadata import find_metadata
from retable.corpora.unpack import unpack_archive

NAME = "ESC-50-master.zip"
RANDOM_GAIN = 0.08
"""Accuracy that random folds must gain over the official ones."""


@pytest.fixture(scope="module")
def corpus():
    return corpus_spec("esc50")


@pytest.fixture(scope="module")
def root(twin_archive):
    unpack_archive(twin_archive, twin_archive.parent / "ESC-50", 2**30)
    return twin_archive.parent


@pytest.fixture(scope="module")
def descriptions(root):
    return esc50.clip_descriptions(find_metadata(root, ["ESC-50"], esc50.METADATA))


@pytest.fixture(scope="module")
def index(root, corpus, descriptions):
    return index_clips(root, ["ESC-50"], corpus, descriptions, threads=2)


def test_the_whole_twin_has_upstreams_counts_and_folds_that_share_no_recording(corpus):
    clips = simulated_clips(corpus.simulation.model_copy(update={"keep": ()}))
    assert len({clip["clip_id"] for clip in clips}) == 2000
    for column in ("event", "fold", "esc10"):
        assert Counter(clip[column] for clip in clips) == corpus.counts[column]
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


def test_the_demo_holds_four_clips_of_ten_classes_in_each_fold(index, corpus, descriptions):
    manifest, rejected = index
    assert len(rejected) == 0
    assert len(manifest) == 200
    assert set(manifest.groupby(["event", "fold"]).size()) == {4}
    assert set(manifest.groupby("group").size()) == {2}
    check_named(manifest, rejected, descriptions.named, corpus)
    promised = simulated_clips(corpus.simulation)
    assert count_faults(manifest, rejected, corpus, twin=promised) == []
    missing = count_faults(manifest.drop(index=0), rejected, corpus, twin=promised)
    assert "199 clips, the simulation promises 200" in missing


def test_what_the_twin_promises_is_what_its_list_describes(index, corpus):
    manifest, _ = index
    described = manifest[["clip_id", "group", "event", "fold", "esc10", "take"]]
    by_name = sorted(simulated_clips(corpus.simulation), key=lambda clip: clip["clip_id"])
    assert described.to_dict("records") == by_name


def test_clips_as_long_as_upstreams(corpus, tmp_path):
    stem = "3-100200-A-0"
    simulation = corpus.simulation.model_copy(
        update={"keep": ({"clip_id": [stem]},), "duration_s": (5.0, 5.0)}
    )
    simulate_archive(NAME, simulation, tmp_path / NAME)
    with zipfile.ZipFile(tmp_path / NAME) as opened:
        clip = io.BytesIO(opened.read(f"ESC-50-master/audio/{stem}.wav"))
    assert soundfile.info(clip).frames == 220_500


def test_equal_simulations_give_equal_bytes(corpus, tmp_path):
    contents = []
    for number, seed in enumerate((0, 0, 1)):
        simulation = corpus.simulation.model_copy(
            update={"seed": seed, "keep": ({"event": ["dog"], "take": ["A"]},)}
        )
        simulate_archive(NAME, simulation, tmp_path / f"{number}.zip")
        contents.append((tmp_path / f"{number}.zip").read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_an_unknown_archive_is_refused(corpus, tmp_path):
    with pytest.raises(ValueError, match=r"no archive ESC-10\.zip: it has ESC-50-master\.zip"):
        simulate_archive("ESC-10.zip", corpus.simulation, tmp_path / "ESC-10.zip")


def test_events_overlap_and_random_folds_know_the_recordings(index, root):
    manifest, _ = index
    features = mean_log_mel_of(root, manifest)
    official = accuracy_in_folds(features, manifest["event"], manifest["fold"])
    assert 0.40 <= official <= 0.85
    assert accuracy(features, manifest["event"]) - official >= RANDOM_GAIN
