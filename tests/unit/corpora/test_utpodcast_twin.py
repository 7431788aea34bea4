import tarfile
from collections import Counter, defaultdict

import pytest
import soundfile
from twin_difficulty import accuracy, mean_log_mel_of

from corpus_specs import corpus_spec
from retable.corpora.index import check_groups
from retable.corpora.twin_tarball import write_tarball
from retable.corpora.unpack import find_damage
from retable.corpora.utpodcast_twin import simulated_clips

NAME = "UT-Podcast.tar.gz"
GROUPED_LOSS = 0.1
"""Accuracy that a classifier of accents must lose when the podcasts are new to it."""


@pytest.fixture(scope="module")
def corpus():
    return corpus_spec("utpodcast")


def test_the_whole_twin_has_upstreams_counts(corpus):
    clips = simulated_clips(corpus.simulation.model_copy(update={"keep": ()}))
    assert Counter((clip["partition"], clip["accent"]) for clip in clips) == {
        ("train", "AU"): 449,
        ("train", "UK"): 246,
        ("train", "US"): 406,
        ("test", "AU"): 332,
        ("test", "UK"): 89,
        ("test", "US"): 240,
    }


def test_a_podcast_has_one_accent_and_both_partitions(corpus):
    accents, partitions = defaultdict(set), defaultdict(set)
    for clip in simulated_clips(corpus.simulation.model_copy(update={"keep": ()})):
        accents[clip["group"]].add(clip["accent"])
        partitions[clip["group"]].add(clip["partition"])
    assert Counter(accent for (accent,) in accents.values()) == {"AU": 10, "UK": 10, "US": 10}
    assert all(both == {"train", "test"} for both in partitions.values())


def test_the_archive_has_upstreams_layout(twin_archive, corpus):
    clips = simulated_clips(corpus.simulation)
    with tarfile.open(twin_archive, "r:gz") as opened:
        names = opened.getnames()
        sounds = [soundfile.info(opened.extractfile(name)) for name in names[:20]]
    assert names == [
        f"UT-Podcast/audio/{clip['partition']}/{clip['accent']}/{clip['clip_id']}.wav"
        for clip in clips
    ]
    assert "UT-Podcast/audio/train/AU/AU-301__01.wav" in names
    assert {(one.samplerate, one.channels, one.subtype) for one in sounds} == {(8_000, 1, "PCM_16")}
    assert all(1.2 <= one.duration <= 3.0 for one in sounds)


def test_the_demo_holds_six_clips_of_thirty_podcasts(indexed_twin, corpus):
    manifest, rejected = indexed_twin
    assert len(rejected) == 0
    assert set(manifest.groupby("group").size()) == {6}
    assert dict(manifest.groupby("accent")["group"].nunique()) == {"AU": 10, "UK": 10, "US": 10}
    check_groups(manifest, corpus)


def test_a_tarball_says_nothing_of_when_and_by_whom_it_was_written(tmp_path):
    members = [("top/a.txt", b"first"), ("top/b.bin", bytes(70_000))]
    write_tarball(tmp_path / "x.tar.gz", members)
    # RFC 1952: 4 bytes of time after magic number, method and flags; no flag, so no name.
    assert (tmp_path / "x.tar.gz").read_bytes()[:8] == b"\x1f\x8b\x08\x00" + bytes(4)
    assert find_damage(tmp_path / "x.tar.gz", "x.tar.gz") == ""
    with tarfile.open(tmp_path / "x.tar.gz", "r:gz") as opened:
        found = [(info.name, opened.extractfile(info).read()) for info in opened]
        assert {(i.mtime, i.uid, i.gid, i.uname, i.gname, i.mode) for i in opened} == {
            (0, 0, 0, "", "", 0o644)
        }
    assert found == members


def test_a_tarball_that_fails_leaves_none_behind(tmp_path):
    def members():
        yield "a.txt", b"first"
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_tarball(tmp_path / "x.tar.gz", members())
    assert not (tmp_path / "x.tar.gz").exists()


def test_accents_overlap_and_random_folds_know_the_podcasts(indexed_twin, twin_root):
    manifest, _ = indexed_twin
    features = mean_log_mel_of(twin_root, manifest)
    random = accuracy(features, manifest["accent"])
    unseen = accuracy(features, manifest["accent"], manifest["group"])
    assert 0.40 <= random <= 0.85
    assert 0.40 <= unseen <= random - GROUPED_LOSS
