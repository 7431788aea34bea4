from collections import Counter
from pathlib import PurePosixPath

import pytest
from tess_remarks import REMARKS, remarks

from corpus_specs import corpus_spec
from real_corpora import real_corpus
from retable.corpora import tess
from retable.corpora.counts import count_faults
from retable.corpora.datasets import select_clips
from retable.corpora.index import index_clips
from retable.corpora.source import resolve_source
from retable.corpora.tess_twin import WORDS

FOLDER = "TESS Toronto emotional speech set data"


@pytest.fixture(scope="module")
def corpus():
    return corpus_spec("tess")


@pytest.mark.parametrize("folder", [f"{FOLDER}/OAF_Pleasant_surprise", f"{FOLDER}", "other"])
def test_the_name_describes_a_clip_whatever_its_folder(folder):
    assert tess.describe_clip(PurePosixPath(folder, "OAF_beg_ps.wav")) == {
        "speaker": "OAF",
        "group": "OAF",
        "emotion": "ps",
        "word": "beg",
    }


def test_a_misnamed_clip_is_the_one_that_is_meant():
    assert tess.describe_clip(PurePosixPath(FOLDER, "OAF_neutral", "OA_bite_neutral.wav")) == {
        "clip_id": "OAF_bite_neutral",
        "speaker": "OAF",
        "group": "OAF",
        "emotion": "neutral",
        "word": "bite",
        "remark": "named OA_bite_neutral instead of OAF_bite_neutral",
    }


@pytest.mark.parametrize(
    ("stem", "fault"),
    [
        ("OAF_beg", r"OAF_beg, expected speaker_word_emotion \(OAF_back_angry\)"),
        ("OAF_beg_pleasant_surprise", "OAF_beg_pleasant_surprise, expected speaker_word_emotion"),
        ("OA_beg_neutral", "OA_beg_neutral has speaker OA, expected one of OAF, YAF"),
        ("YAF_beg_calm", "YAF_beg_calm has emotion calm, expected one of angry, disgust, fear, "),
    ],
)
def test_another_name_is_refused(stem, fault):
    with pytest.raises(ValueError, match=f"^bad name: {fault}"):
        tess.describe_clip(PurePosixPath(FOLDER, "OAF_angry", f"{stem}.wav"))


def test_the_spec_has_the_counts_of_upstream(corpus):
    """2 speakers x 7 emotions x 200 words."""
    assert corpus.counts == {
        "clips": {"all": 2 * 7 * 200},
        "speaker": dict.fromkeys(tess.SPEAKERS, 7 * 200),
        "emotion": dict.fromkeys(tess.EMOTIONS, 2 * 200),
    }
    assert corpus.labels == {"emotion": tess.EMOTIONS}
    assert corpus.speakers == len(tess.SPEAKERS)
    assert corpus.sample_rate == tess.SAMPLE_RATE


def test_upstream_serves_single_files_with_checksums(corpus):
    (archive,) = corpus.archives
    assert archive.single_files.persistent_id == corpus.homepage.replace("https://doi.org/", "doi:")
    assert not archive.checksum_published
    # 2.06 s of 16 bit on average.
    assert archive.bytes == pytest.approx(2800 * 2.06 * 24_414 * 2, rel=0.01)


@pytest.fixture(scope="module")
def real_index(corpus):
    """Manifest and rejected clips of a slice: 8 clips a speaker and emotion, and the odd ones."""
    root = real_corpus("tess")
    source = resolve_source(corpus, str(root))
    assert source.folders == (FOLDER,)
    return index_clips(root, source.folders, corpus, tess.clip_descriptions({}), threads=2)


def test_the_real_slice(corpus, real_index):
    manifest, rejected = real_index
    assert len(rejected) == 0
    assert len(manifest) == 112 + 4
    assert Counter(manifest["sample_rate"]) == {24_414: 115, 96_000: 1}
    assert count_faults(manifest, rejected, corpus, partial=True) == []
    assert set(manifest["word"]) <= set(WORDS.split())


def test_the_odd_clips_of_the_real_slice_are_kept_with_remarks(real_index):
    manifest, _ = real_index
    assert remarks(manifest) == REMARKS


def test_the_dataset_of_the_real_slice_has_ravdess_names(corpus, real_index):
    manifest, _ = real_index
    clips = select_clips(manifest, corpus.datasets["all"])
    assert len(clips) == len(manifest)
    pairs = set(zip(manifest["emotion"], clips["emotion"], strict=True))
    assert pairs == {
        ("angry", "angry"),
        ("disgust", "disgust"),
        ("fear", "fearful"),
        ("happy", "happy"),
        ("neutral", "neutral"),
        ("ps", "surprised"),
        ("sad", "sad"),
    }
