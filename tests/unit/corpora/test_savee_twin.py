import io
import zipfile

import pytest
import soundfile

from corpus_specs import corpus_spec
from retable.corpora import savee


@pytest.fixture(scope="module")
def corpus():
    return corpus_spec("savee")


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


def test_the_demo_holds_three_clips_of_each_speaker_and_emotion(indexed_twin, corpus):
    manifest, rejected = indexed_twin
    assert len(rejected) == 0
    sizes = manifest.groupby(["speaker", "emotion"]).size()
    assert len(sizes) == 4 * 7
    assert all(size == (6 if emotion == "n" else 3) for (_, emotion), size in sizes.items())
