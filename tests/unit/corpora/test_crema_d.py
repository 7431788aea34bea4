import csv
from collections import Counter, defaultdict
from pathlib import Path, PurePosixPath

import pytest

from corpus_specs import CORPORA, corpus_spec
from real_corpora import real_corpus
from retable.checksums import file_checksum
from retable.corpora import crema_d
from retable.corpora.counts import count_faults
from retable.corpora.datasets import select_clips
from retable.corpora.index import index_clips
from retable.corpora.source import resolve_source


@pytest.fixture(scope="module")
def corpus():
    return corpus_spec("crema_d")


@pytest.fixture(scope="module")
def listed():
    """Path -> row of the list of upstream's files."""
    with (CORPORA / "crema_d-files.tsv").open(encoding="utf-8", newline="") as rows:
        return {row["path"]: row for row in csv.DictReader(rows, delimiter="\t")}


@pytest.mark.parametrize(
    ("stem", "emotion", "sentence", "level"),
    [
        ("1091_DFA_ANG_XX", "ANG", "DFA", "XX"),
        ("1091_IEO_FEA_HI", "FEA", "IEO", "HI"),
        ("1091_IEO_NEU_XX", "NEU", "IEO", "XX"),
    ],
)
def test_a_name_becomes_manifest_columns(stem, emotion, sentence, level):
    assert crema_d.describe_clip(PurePosixPath("AudioWAV", f"{stem}.wav")) == {
        "speaker": "1091",
        "group": "1091",
        "emotion": emotion,
        "sentence": sentence,
        "level": level,
    }


def test_a_misnamed_clip_is_the_one_that_is_meant():
    misnamed = crema_d.describe_clip(PurePosixPath("AudioWAV/1040_ITH_SAD_X.wav"))
    assert misnamed.pop("clip_id") == "1040_ITH_SAD_XX"
    assert misnamed.pop("remark") == "named 1040_ITH_SAD_X instead of 1040_ITH_SAD_XX"
    # Upstream has corrected the name.
    assert misnamed == crema_d.describe_clip(PurePosixPath("AudioWAV/1040_ITH_SAD_XX.wav"))


@pytest.mark.parametrize(
    ("stem", "fault"),
    [
        (
            "1001_DFA_ANG",
            r"1001_DFA_ANG, expected actor_sentence_emotion_level \(1001_DFA_ANG_XX\)",
        ),
        ("1092_DFA_ANG_XX", "1092_DFA_ANG_XX has actor 1092, expected 1001 to 1091"),
        ("1001_ABC_ANG_XX", "1001_ABC_ANG_XX has sentence ABC, expected IEO or TIE or"),
        ("1001_DFA_SUR_XX", "1001_DFA_SUR_XX has emotion SUR, expected ANG or DIS or FEA or HAP"),
        ("1001_DFA_ANG_LO", "1001_DFA_ANG_LO has level LO, expected XX"),
        ("1001_IEO_ANG_XX", "1001_IEO_ANG_XX has level XX, expected LO or MD or HI"),
        ("1001_ITH_SAD_X", "1001_ITH_SAD_X has level X, expected XX"),
    ],
)
def test_another_name_is_refused(stem, fault):
    with pytest.raises(ValueError, match=f"^bad name: {fault}"):
        crema_d.describe_clip(PurePosixPath("AudioWAV", f"{stem}.wav"))


def test_the_spec_promises_what_upstreams_list_has(corpus, listed):
    clips = [crema_d.describe_clip(PurePosixPath(path)) for path in listed]
    assert corpus.counts["clips"] == {"all": len(clips)}
    assert set(corpus.counts) == {"clips", "emotion", "speaker", "sentence", "level"}
    for column in ("emotion", "speaker", "sentence", "level"):
        assert Counter(clip[column] for clip in clips) == corpus.counts[column]
    assert corpus.speakers == len({clip["speaker"] for clip in clips})
    # 86 actors have all of 6 x 11 + 5 x 3 + 1 clips.
    assert Counter(corpus.counts["speaker"].values()) == {82: 86, 81: 2, 76: 3}


def test_the_list_of_files_is_whole(corpus, listed):
    """The known sum of the sizes, and the silent clip and the misnamed one among them."""
    assert len(listed) == 7442
    assert sum(int(row["bytes"]) for row in listed.values()) == 605_899_936
    assert corpus.archives[0].bytes == pytest.approx(605_899_936, rel=0.01)
    assert all(len(row["sha256"]) == 64 for row in listed.values())
    assert {"AudioWAV/1076_MTI_SAD_XX.wav", "AudioWAV/1040_ITH_SAD_XX.wav"} <= set(listed)


def test_three_clips_are_listed_twice_with_two_emotions(listed):
    """As crema_d.py says of upstream."""
    names = defaultdict(list)
    for path, row in listed.items():
        names[row["sha256"]].append(Path(path).stem)
    assert [same for same in names.values() if len(same) > 1] == [
        ["1006_TIE_HAP_XX", "1006_TIE_NEU_XX"],
        ["1013_WSI_DIS_XX", "1013_WSI_SAD_XX"],
        ["1017_IWW_ANG_XX", "1017_IWW_FEA_XX"],
    ]


def test_the_spec_has_the_classes_of_upstream(corpus):
    assert corpus.labels == {"emotion": crema_d.EMOTIONS}
    assert corpus.sample_rate == crema_d.SAMPLE_RATE
    assert tuple(corpus.counts["sentence"]) == tuple(crema_d.SENTENCES)
    assert corpus.classes("all") == {
        "emotion": ("neutral", "happy", "sad", "angry", "fearful", "disgust")
    }


@pytest.fixture(scope="module")
def real_crema_d():
    return real_corpus("crema_d")


def index(root, folder, corpus, only=()):
    return index_clips(root, [folder], corpus, crema_d.clip_descriptions({}), 2, only)


def test_originals_are_indexed(corpus, real_crema_d, listed):
    manifest, rejected = index(real_crema_d, "AudioWAV_16k", corpus)
    assert len(rejected) == 0
    assert len(manifest) == 10
    assert set(manifest["remark"]) == {""}
    assert count_faults(manifest, rejected, corpus, partial=True) == []
    for clip in manifest.itertuples():
        row = listed[f"AudioWAV/{clip.clip_id}.wav"]
        assert (clip.sha256, (real_crema_d / clip.path).stat().st_size) == (
            row["sha256"],
            int(row["bytes"]),
        )
    assert file_checksum(real_crema_d / manifest["path"][0], "sha256") == manifest["sha256"][0]
    named = select_clips(manifest, corpus.datasets["all"]).set_index("clip_id")["emotion"]
    assert named["1013_IEO_ANG_MD"] == "angry"
    assert named["1054_IEO_FEA_HI"] == "fearful"


def test_a_copy_at_another_rate_is_refused(corpus, real_crema_d):
    only = ["AudioWAV/1001_DFA_*"]
    manifest, rejected = index(real_crema_d, "AudioWAV", corpus, only)
    assert len(manifest) == 0
    assert set(rejected["reason"]) == {"wrong rate: 11025 Hz, expected 16000 Hz"}
    assert len(rejected) == 6


def test_of_a_copy_at_its_own_rate_the_silent_clip_alone_is_rejected(corpus, real_crema_d):
    """19 actors: 82 clips each, 1002 and 1076 one less."""
    resampled = corpus.model_copy(update={"sample_rate": 11_025})
    assert resolve_source(resampled, str(real_crema_d)).folders == ("AudioWAV",)
    manifest, rejected = index(real_crema_d, "AudioWAV", resampled)
    assert len(manifest) == 19 * 82 - 2 - 1
    assert list(rejected["clip_id"]) == ["1076_MTI_SAD_XX"]
    assert rejected["reason"][0].startswith("silent: all ")
    actors = Counter(manifest["speaker"])
    assert (actors["1002"], actors["1076"]) == (81, 80)
    assert {count for actor, count in actors.items() if actor not in ("1002", "1076")} == {82}
