import io
import zipfile
from pathlib import Path

import pytest
import soundfile
from tess_remarks import REMARKS, remarks

from corpus_specs import corpus_spec
from real_corpora import real_corpus

FOLDER = "TESS Toronto emotional speech set data"


@pytest.fixture(scope="module")
def corpus():
    return corpus_spec("tess")


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


def test_the_demo_holds_eight_clips_of_each_speaker_and_emotion(indexed_twin, corpus):
    manifest, rejected = indexed_twin
    assert len(rejected) == 0
    sizes = manifest.groupby(["speaker", "emotion"]).size()
    assert len(sizes) == 2 * 7
    more = {pair: int(size) for pair, size in sizes.items() if size != 8}
    assert more == {("OAF", "fear"): 9, ("YAF", "angry"): 9, ("YAF", "fear"): 9}


def test_the_odd_clips_are_kept_with_remarks(indexed_twin):
    manifest, _ = indexed_twin
    assert remarks(manifest) == REMARKS
