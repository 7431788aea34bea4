import csv
import io
import zipfile
from collections import Counter

import numpy as np
import pytest
import soundfile

from corpus_specs import CORPORA, corpus_spec
from retable.corpora.crema_d_twin import simulated_clips
from retable.corpora.index import check_rejections


@pytest.fixture(scope="module")
def corpus():
    return corpus_spec("crema_d")


def test_the_whole_twin_has_the_clips_of_upstreams_list(corpus):
    clips = simulated_clips(corpus.simulation.model_copy(update={"keep": ()}))
    with (CORPORA / "crema_d-files.tsv").open(encoding="utf-8", newline="") as rows:
        upstream = [row["path"] for row in csv.DictReader(rows, delimiter="\t")]
    assert sorted(f"AudioWAV/{clip['clip_id']}.wav" for clip in clips) == sorted(upstream)


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


def test_the_demo_holds_two_sentences_of_14_actors_and_one_with_levels(
    indexed_twin, corpus, tmp_path
):
    manifest, rejected = indexed_twin
    assert list(rejected["clip_id"]) == ["1076_MTI_SAD_XX"]
    assert rejected["reason"][0].startswith("silent: all ")
    check_rejections(manifest, rejected, corpus, ["CREMA-D"], tmp_path / "rejected.tsv")
    assert len(manifest) == 14 * 2 * 6 + (5 * 3 + 1) - 1
    assert set(manifest.groupby("speaker")["emotion"].nunique()) == {6}
    assert Counter(manifest["level"]) == {"XX": 14 * 2 * 6 + 1 - 1, "LO": 5, "MD": 5, "HI": 5}


def test_the_misnamed_clip_is_kept_with_a_remark(indexed_twin):
    manifest, _ = indexed_twin
    odd = manifest[manifest["remark"] != ""]
    assert odd[["clip_id", "path", "level", "remark"]].values.tolist() == [
        [
            "1040_ITH_SAD_XX",
            "CREMA-D/AudioWAV/1040_ITH_SAD_X.wav",
            "XX",
            "named 1040_ITH_SAD_X instead of 1040_ITH_SAD_XX",
        ]
    ]
