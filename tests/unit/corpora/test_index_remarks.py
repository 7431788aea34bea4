"""Clips that are kept although something is odd about them, and clips with ids of their own."""

import json
from pathlib import PurePosixPath

import numpy as np
import pytest
import soundfile
from job_index import index as write_and_read

from real_corpora import real_corpus
from retable.corpora.files import ClipDescriptions
from retable.corpora.index import check_named, index_clips

RATE = 24_414


@pytest.fixture
def two_rates(corpus):
    """A corpus at 24,414 Hz, some clips of which upstream has at 96,000 Hz."""
    return corpus.model_copy(update={"sample_rate": RATE, "other_rates": (96_000,)})


@pytest.fixture
def write(tmp_path):
    """Writes a clip of noise below the folder `clips`."""

    def write_clip(path, sample_rate=RATE, kind="WAV"):
        file = tmp_path / "clips" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(0).uniform(-0.5, 0.5, 960)
        soundfile.write(file, noise, sample_rate, format=kind)

    return write_clip


@pytest.fixture
def index(tmp_path, two_rates):
    def index_folder(describe=lambda path: {"speaker": "a"}, corpus=two_rates):
        descriptions = ClipDescriptions(describe)
        return index_clips(tmp_path, ["clips"], corpus, descriptions, threads=2)

    return index_folder


def remarks(manifest):
    return dict(zip(manifest.clip_id, manifest.remark, strict=True))


def test_a_clip_at_another_rate_that_the_corpus_has_is_kept_with_its_own_rate(write, index):
    for name, rate in {"bat": RATE, "food": 96_000, "gap": 48_000}.items():
        write(f"{name}.wav", rate)
    manifest, rejected = index()
    assert remarks(manifest) == {"bat": "", "food": "96000 Hz, not 24414"}
    food = manifest.set_index("clip_id").loc["food"]
    assert (food.sample_rate, food.frames, food.duration_s) == (96_000, 960, 0.01)
    assert list(rejected.reason) == ["wrong rate: 48000 Hz, expected 24414 or 96000 Hz"]


def test_data_of_another_kind_than_the_name_says_are_kept(write, index):
    write("aiff.wav", kind="AIFF")
    write("CAPITALS.WAV", kind="AIFF")
    write("riff.flac", kind="WAV")
    for kind in ("WAV", "WAVEX", "RF64"):
        write(f"{kind}.wav", kind=kind)
    write("flac.flac", kind="FLAC")
    write("ogg.ogg", 96_000, kind="OGG")
    manifest, rejected = index()
    assert len(rejected) == 0
    assert {clip: remark for clip, remark in remarks(manifest).items() if remark} == {
        "CAPITALS": "AIFF data under the name .WAV",
        "aiff": "AIFF data under the name .wav",
        "ogg": "96000 Hz, not 24414",
        "riff": "WAV data under the name .flac",
    }


def test_an_mp3_is_what_its_name_says(write, index, corpus):
    write("clip.mp3", 48_000, kind="MP3")
    manifest, _ = index(corpus=corpus)
    assert remarks(manifest) == {"clip": ""}


def test_remarks_are_joined_and_the_last_column(write, index):
    write("OA_food.wav", 96_000, kind="AIFF")
    write("OAF_bat.wav")

    def describe(path):
        odd = {} if path.stem.startswith("OAF") else {"remark": "misnamed OA, is OAF"}
        return {"speaker": "OAF", **odd, "word": path.stem.partition("_")[2]}

    manifest, _ = index(describe)
    assert remarks(manifest) == {
        "OAF_bat": "",
        "OA_food": "96000 Hz, not 24414; AIFF data under the name .wav; misnamed OA, is OAF",
    }
    assert list(manifest.columns[-2:]) == ["word", "remark"]


def by_folder(path: PurePosixPath) -> dict[str, str]:
    """Names as SAVEE has them: `DC/a01.wav`, or without folders `DC_a01.wav`."""
    speaker = path.stem[:2] if "_" in path.stem else path.parent.name
    if path.stem == "notes":
        raise ValueError("bad name: notes")
    return {"clip_id": f"{speaker}_{path.stem[-3:]}", "speaker": speaker}


def test_a_description_may_give_the_id(write, index):
    for path in ("DC/a01.wav", "JE/a01.wav", "DC/a02.wav"):
        write(path)
    manifest, rejected = index(by_folder)
    assert list(manifest.clip_id) == ["DC_a01", "DC_a02", "JE_a01"]
    assert list(manifest.path) == [f"clips/{name}.wav" for name in ("DC/a01", "DC/a02", "JE/a01")]
    assert list(manifest.columns).count("clip_id") == 1
    assert len(rejected) == 0


def test_ids_tell_duplicates(write, index):
    for path in ("DC/a01.wav", "flat/DC_a01.wav", "JE/a01.wav"):
        write(path)
    manifest, rejected = index(by_folder)
    assert list(manifest.clip_id) == ["DC_a01", "JE_a01"]
    assert rejected[["path", "reason", "clip_id", "speaker"]].to_dict("records") == [
        {
            "path": "clips/flat/DC_a01.wav",
            "reason": "duplicate clip: same clip as clips/DC/a01.wav",
            "clip_id": "DC_a01",
            "speaker": "DC",
        }
    ]


def test_a_rejected_clip_is_there_by_its_id(write, index, two_rates):
    write("DC/a01.wav")
    write("DC/a02.wav", 8_000)
    write("DC/notes.wav")
    manifest, rejected = index(by_folder)
    assert list(rejected.clip_id) == ["DC_a02", "notes"]
    check_named(manifest, rejected, {"DC_a01": "list.txt", "DC_a02": "list.txt"}, two_rates)


def test_the_facts_count_remarks(corpus, tmp_path):
    folder = tmp_path / "speech"
    folder.mkdir()
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 4_800)
    for repetition, kind in {"01": "AIFF", "02": "WAV"}.items():
        name = f"03-01-02-01-01-{repetition}-01.wav"
        soundfile.write(folder / name, noise, corpus.sample_rate, format=kind)
    manifest, _ = write_and_read(tmp_path, corpus, ["speech"])
    assert list(manifest.remark) == ["AIFF data under the name .wav", ""]
    facts = json.loads((tmp_path / "facts.tsv").read_text())
    assert facts == {"clips": 2, "rejected": 0, "remarked": 1, "described": {}}


def test_upstreams_odd_clips_of_tess(two_rates):
    root = real_corpus("tess")
    folders = sorted(path.name for path in root.iterdir())
    names = ClipDescriptions(lambda path: {"speaker": path.stem.partition("_")[0]})
    manifest, rejected = index_clips(root, folders, two_rates, names, threads=2)
    assert len(rejected) == 0
    assert {clip: remark for clip, remark in remarks(manifest).items() if remark} == {
        "OAF_food_fear": "96000 Hz, not 24414",
        "YAF_germ_angry": "AIFF data under the name .wav",
        "YAF_neat_fear": "AIFF data under the name .wav",
    }
