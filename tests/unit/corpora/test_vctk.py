import csv
from collections import Counter
from pathlib import PurePosixPath

import numpy as np
import pytest
import soundfile
from job_index import index

from corpus_specs import CORPORA, corpus_spec
from real_corpora import real_corpus
from retable.corpora import vctk
from retable.corpora.counts import count_faults
from retable.corpora.datasets import select_clips
from retable.corpora.index import index_clips
from retable.corpora.needed import needed_patterns
from retable.corpora.source import resolve_source
from retable.errors import DataError

# Lines of upstream's files: 0.80 has no letter before the id, 0.92 has a header and comments.
OLD = (
    "225  23  F    English    Southern  England",
    "238  22  F    NorthernIrish  Belfast",
    "248  23  F    Indian  ",
    "314  26  F    SouthAfrican  Cape  Town",
)
NEW = (
    "ID  AGE  GENDER  ACCENTS  REGION COMMENTS ",
    "p225  23  F    English    Southern  England",
    "p280  25  F    Unknown    France (mic2 files unavailable)",
    "p335  25  F    NewZealand  English    ",
    "s5  24  F    British",
)
SIX = ("American", "Canadian", "English", "Irish", "Northern Irish", "Scottish")


@pytest.fixture(scope="module")
def corpus():
    return corpus_spec("vctk")


@pytest.fixture
def write_info(tmp_path):
    """Writes speaker-info.txt of some lines."""

    def write(*lines):
        path = tmp_path / "speaker-info.txt"
        path.write_text("\n".join([*lines, ""]))
        return {"speaker-info.txt": path}

    return write


def describe(metadata, path):
    return vctk.clip_descriptions(metadata).describe(PurePosixPath(path))


def test_a_clip_of_release_092(write_info):
    path = "wav48_silence_trimmed/p335/p335_024_mic1.flac"
    assert describe(write_info(*NEW), path) == {
        "speaker": "p335",
        "group": "p335",
        "accent": "New Zealand",
        "gender": "F",
        "age": "25",
        "utterance": "024",
        "microphone": "mic1",
    }
    assert describe(write_info(*NEW), "s5/s5_400_mic2.flac")["accent"] == "British"
    assert describe(write_info(*NEW), "p280/p280_001_mic1.flac")["accent"] == "Unknown"


def test_a_clip_of_release_080(write_info):
    described = describe(write_info(*OLD), "wav48/p238/p238_165.wav")
    assert described["speaker"] == "p238"
    assert described["accent"] == "Northern Irish"
    assert described["utterance"] == "165"
    assert described["microphone"] == ""
    accents = [
        describe(write_info(*OLD), f"p{line[:3]}/p{line[:3]}_001.flac")["accent"] for line in OLD
    ]
    assert accents == ["English", "Northern Irish", "Indian", "South African"]


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("p225/p226_001.wav", "bad name: p226_001 in folder p225, expected folder p226$"),
        ("wav48/p225_001.wav", "bad name: p225_001 in folder wav48, expected folder p225$"),
        ("p225/p225_001_mic3.flac", "bad name: p225_001_mic3, expected one like p225_001_mic1"),
        ("p225/225_001.wav", "bad name: 225_001, expected"),
        ("p225/p225.wav", "bad name: p225, expected"),
    ],
)
def test_a_clip_of_another_name_is_refused(write_info, path, fault):
    with pytest.raises(ValueError, match=f"^{fault}"):
        describe(write_info(*OLD), path)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("226  22  M", "'226 22 M', expected id, age, gender and accent"),
        ("p226", "'p226', expected id, age, gender and accent"),
        ("x226  22  M  English", "speaker 'x226', expected an id like p225 or 225"),
        ("226  ?  M  English", r"speaker 226 of age '\?', expected a number of years"),
        ("226  22  X  English", "speaker 226 of gender 'X', expected F or M"),
        ("226  22  M  Surrey", "speaker 226 with accent 'Surrey', expected one of American, "),
        ("p225  23  F  English", "speaker p225 again, expected each speaker once"),
        (NEW[0], "speaker 'ID', expected an id"),
    ],
)
def test_a_line_that_is_no_speakers(write_info, line, fault):
    with pytest.raises(DataError, match=rf"speaker-info\.txt, line 5: {fault}.*Restore upstream's"):
        vctk.clip_descriptions(write_info(*OLD, line))


def test_another_file_is_no_list_of_speakers(write_info):
    with pytest.raises(DataError, match=r"line 1: '<html>Please log in</html>', expected id, age"):
        vctk.clip_descriptions(write_info("<html>Please log in</html>"))


def write_clips(root, *names):
    rng = np.random.default_rng(0)
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.1 * rng.standard_normal(4800), 48_000)


def test_a_clip_of_a_speaker_that_is_not_listed_stops_the_build(corpus, write_info, tmp_path):
    listed = write_info(*OLD)["speaker-info.txt"]
    write_clips(tmp_path, "wav48/p225/p225_001.wav", "wav48/p280/p280_001.wav")
    with pytest.raises(DataError) as caught:
        index(tmp_path, corpus, ("wav48", "speaker-info.txt"))
    message = str(caught.value)
    assert message.startswith("wav48/p280/p280_001.wav: speaker p280 of this clip is not in ")
    assert str(listed) in message
    assert "Add a line `p280 AGE GENDER ACCENT`" in message
    assert "or move the folder wav48/p280 elsewhere" in message


def test_a_clip_that_is_not_needed_is_not_read(corpus, write_info, tmp_path):
    write_info(*NEW)
    folder = "wav48_silence_trimmed"
    write_clips(tmp_path, f"{folder}/p225/p225_001_mic1.flac", f"{folder}/p225/p225_001_mic2.flac")
    write_clips(tmp_path, f"{folder}/p280/p280_001_mic1.flac", f"{folder}/p999/p999_001_mic1.flac")
    only = ("speaker-info.txt", f"{folder}/p225/*_mic1.*")
    manifest, rejected = index(tmp_path, corpus, (folder, "speaker-info.txt"), only=only)
    assert list(manifest.clip_id) == ["p225_001_mic1"]
    assert len(rejected) == 0
    described = ["speaker", "group", "accent", "gender", "age", "utterance", "microphone"]
    assert list(manifest.columns[7:-1]) == described


def test_either_release_is_a_directory_source(corpus, write_info, tmp_path):
    write_info(*OLD)
    write_clips(tmp_path, "wav48/p225/p225_001.wav")
    only = needed_patterns(corpus, ["accents"])
    old = resolve_source(corpus, str(tmp_path), only=only)
    assert (old.kind, old.present) == ("folders", ("VCTK-Corpus-0.92.zip",))
    assert old.folders == ("speaker-info.txt", "wav48")
    assert old.only == only
    write_clips(tmp_path, "wav48_silence_trimmed/p225/p225_001_mic1.flac")
    new = resolve_source(corpus, str(tmp_path), only=only)
    assert new.folders == ("speaker-info.txt", "wav48_silence_trimmed")


def test_another_directory_is_told_both_layouts(corpus, tmp_path):
    (tmp_path / "wav48").mkdir()
    expected = (
        "expected the folders wav48_silence_trimmed/, speaker-info.txt or wav48/, speaker-info.txt "
        r"or the archives VCTK-Corpus-0\.92\.zip; it holds wav48/\."
    )
    with pytest.raises(DataError, match=expected):
        resolve_source(corpus, str(tmp_path))


def test_a_directory_without_a_needed_clip(corpus, write_info, tmp_path):
    write_info(*NEW)
    write_clips(tmp_path, "wav48_silence_trimmed/p225/p225_001_mic2.flac")
    fault = r"hold no audio file .* of the form speaker-info\.txt, wav48_silence_trimmed/p225/\*_mi"
    with pytest.raises(DataError, match=fault):
        resolve_source(corpus, str(tmp_path), only=needed_patterns(corpus, ["accents"]))


def read_speakers():
    with (CORPORA / "vctk-speakers.tsv").open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows, delimiter="\t"))


def test_the_37_speakers():
    """The gresnets paper: six accents and 37 speakers, 6 x 6 + 1; the seventh is American."""
    speakers = read_speakers()
    assert len({row["speaker"] for row in speakers}) == len(speakers) == 37
    assert Counter(row["accent"] for row in speakers) == {**dict.fromkeys(SIX, 6), "American": 7}
    order = [(row["accent"], row["speaker"]) for row in speakers]
    assert order == sorted(order)
    assert all(row["reason"] for row in speakers)


def test_why_the_seventh_is_american():
    """Table 6 of the gresnets paper has so many tested utterances of an accent (its row sums);
    upstream has so many utterances of so many speakers, and a fold tests a tenth.
    """
    tested = dict(zip(SIX, (247, 234, 257, 256, 258, 229), strict=True))
    utterances = dict(zip(SIX, (8403, 3151, 13636, 3623, 2580, 7611), strict=True))
    speakers = dict(zip(SIX, (22, 8, 33, 9, 6, 19), strict=True))
    implied = {name: tested[name] * 10 * speakers[name] / utterances[name] for name in SIX}
    assert max(implied, key=implied.__getitem__) == "American"
    assert 6.4 < implied["American"] < 6.5
    assert implied["Northern Irish"] == 6.0


def test_the_dataset_of_the_paper(corpus):
    speakers = tuple(row["speaker"] for row in read_speakers())
    assert corpus.classes("accents") == {"accent": SIX, "speaker": speakers}
    assert corpus.datasets["accents"].where == ({"speaker": list(speakers)},)
    assert corpus.classes("all") == {"accent": tuple(sorted(vctk.ACCENTS.values()))}
    assert corpus.speakers is None


def test_the_files_that_are_needed(corpus):
    assert needed_patterns(corpus, ["all"]) == (
        "speaker-info.txt",
        "wav48_silence_trimmed/*/*_mic1.*",
        "wav48/*/*",
    )
    needed = needed_patterns(corpus, ["accents"])
    assert len(needed) == 1 + 2 * 37
    assert "wav48_silence_trimmed/p225/*_mic1.*" in needed
    assert "wav48/p351/*" in needed
    assert needed_patterns(corpus, ["accents", "all"]) == needed_patterns(corpus, ["all"])


@pytest.fixture(scope="module")
def real_vctk():
    return real_corpus("vctk")


@pytest.fixture(scope="module")
def real_index(corpus, real_vctk):
    """Manifest and rejected clips of a slice of the real corpus: 0.80, as FLAC."""
    source = resolve_source(corpus, str(real_vctk), only=needed_patterns(corpus, ["all"]))
    assert source.folders == ("speaker-info.txt", "wav48")
    described = vctk.clip_descriptions({"speaker-info.txt": real_vctk / "speaker-info.txt"})
    return index_clips(real_vctk, source.folders, corpus, described, 2, source.only)


def test_the_accents_of_the_speakers_are_upstreams(real_vctk):
    upstream = {}
    for line in (real_vctk / "speaker-info.txt").read_text().splitlines():
        number, _, _, accent, *_ = line.split()
        upstream.setdefault(accent, []).append(f"p{number}")
    assert sum(map(len, upstream.values())) == 108
    chosen = {}
    for row in read_speakers():
        chosen.setdefault(row["accent"].replace(" ", ""), []).append(row["speaker"])
    for accent, speakers in chosen.items():
        assert speakers == sorted(upstream[accent])[: len(speakers)]
    assert len(upstream["NorthernIrish"]) == 6


def test_the_real_slice(corpus, real_index):
    manifest, rejected = real_index
    assert len(rejected) == 0
    assert len(manifest) == 46
    assert set(manifest.sample_rate) == {48_000}
    accents = manifest.groupby("speaker")["accent"].first()
    assert accents.to_dict() == {
        **dict.fromkeys(["p225", "p226", "p227", "p228"], "English"),
        "p238": "Northern Irish",
        "p255": "Scottish",
        "p301": "American",
        "p314": "South African",
        "p317": "Canadian",
        "p376": "Indian",
    }
    # p255, p314 and p376 are not of the 37.
    assert len(select_clips(manifest, corpus.datasets["accents"])) == 43
    assert count_faults(manifest, rejected, corpus) == []


def test_of_the_real_slice_the_37_speakers_alone(corpus, real_vctk):
    only = needed_patterns(corpus, ["accents"])
    source = resolve_source(corpus, str(real_vctk), only=only)
    whole = resolve_source(corpus, str(real_vctk), only=needed_patterns(corpus, ["all"]))
    assert source.fingerprint != whole.fingerprint
    described = vctk.clip_descriptions({"speaker-info.txt": real_vctk / "speaker-info.txt"})
    manifest, _ = index_clips(real_vctk, source.folders, corpus, described, 2, source.only)
    assert len(manifest) == 43
