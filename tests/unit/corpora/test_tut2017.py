import shutil
from collections import Counter
from pathlib import PurePosixPath

import pytest

from corpus_specs import corpus_spec
from real_corpora import real_corpus
from retable.corpora import tut2017
from retable.corpora.index import check_named, index_clips
from retable.corpora.metadata import find_metadata
from retable.corpora.tut2017 import (
    DEVELOPMENT,
    ERRORS,
    EVALUATE,
    EVALUATION,
    FOLD_LISTS,
    MAP,
    META,
    METADATA,
    SCENES,
    clip_descriptions,
)
from retable.corpora.tut2017_twin import upstream_clips
from retable.errors import DataError
from retable.spec.corpus import Corpus

BEACH, BUS = "audio/b020_90_100.wav\tbeach", "audio/a112_100_110.wav\tbus"
FAULTY = "audio/b111_173_183.wav\tbus"
LISTS = {
    META: f"{BEACH}\tb020\n{BUS}\ta112\n{FAULTY}\tb111\n",
    ERRORS: "audio/b111_173_183.wav\t1.991448\t2.446579\terror\n",
    **{path: f"{BUS}\n" for (_, role), path in FOLD_LISTS.items() if role == "train"},
    **{path: f"{BEACH}\n" for (_, role), path in FOLD_LISTS.items() if role == "evaluate"},
    FOLD_LISTS["4", "train"]: f"{BEACH}\n{FAULTY}\n",
    FOLD_LISTS["4", "evaluate"]: f"{BUS}\n",
    EVALUATE: "audio/1245.wav\tcafe/restaurant\naudio/1.wav\tbus\n",
    MAP: "audio/b118_0_10.wav\taudio/1245.wav\naudio/a247_20_30.wav\taudio/1.wav\n",
}
"""Lists of three development and two evaluation clips, in upstream's form."""
FOLD1_TRAIN, FOLD1_EVALUATE = FOLD_LISTS["1", "train"], FOLD_LISTS["1", "evaluate"]


@pytest.fixture(scope="session")
def tut2017_corpus() -> Corpus:
    return corpus_spec("tut2017")


@pytest.fixture
def write_lists(tmp_path):
    """Writes the lists, some of them with another text, and says where they are."""

    def write(changed=()):
        for tail, text in {**LISTS, **dict(changed)}.items():
            file = tmp_path / tail
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        return find_metadata(tmp_path, [DEVELOPMENT, EVALUATION], METADATA)

    return write


def described(metadata, stem, folder=DEVELOPMENT):
    return clip_descriptions(metadata).describe(PurePosixPath(folder, "audio", f"{stem}.wav"))


def test_a_development_clip(write_lists):
    assert described(write_lists(), "b111_173_183") == {
        "speaker": "",
        "group": "b111",
        "scene": "bus",
        "subset": "development",
        "fold1": "",
        "fold2": "",
        "fold3": "",
        "fold4": "train",
        "faulty": "yes",
        "original": "b111_173_183",
        "start_s": "173",
    }
    beach = described(write_lists(), "b020_90_100")
    assert beach["faulty"] == "no"
    assert [beach[f"fold{fold}"] for fold in "1234"] == ["evaluate"] * 3 + ["train"]


def test_an_evaluation_clip_is_of_the_recording_that_the_map_says(write_lists):
    assert described(write_lists(), "1245", EVALUATION) == {
        "speaker": "",
        "group": "b118",
        "scene": "cafe/restaurant",
        "subset": "evaluation",
        "fold1": "",
        "fold2": "",
        "fold3": "",
        "fold4": "",
        "faulty": "no",
        "original": "b118_0_10",
        "start_s": "0",
    }


def test_all_listed_clips_must_be_there(write_lists):
    metadata = write_lists()
    assert clip_descriptions(metadata).named == {
        "b020_90_100": str(metadata[META]),
        "a112_100_110": str(metadata[META]),
        "b111_173_183": str(metadata[META]),
        "1245": str(metadata[EVALUATE]),
        "1": str(metadata[EVALUATE]),
    }


@pytest.mark.parametrize(
    "respell",
    [
        lambda text: text.replace("\t", ","),
        lambda text: text.replace("\t", " "),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("audio/", ""),
        lambda text: text.replace("audio/", "audio\\"),
        lambda text: text.replace(".wav", ".flac"),
        lambda text: f"filename\tscene_label\tidentifier\n{text}",
        lambda text: f"\ufeff{text}\n\n",
        lambda text: text + text,
    ],
    ids=["commas", "blanks", "windows", "bare", "backslash", "flac", "heading", "mark", "twice"],
)
def test_other_spellings_say_the_same(write_lists, respell):
    before = {stem: described(write_lists(), stem) for stem in ("b020_90_100", "1245")}
    respelt = write_lists({tail: respell(text) for tail, text in LISTS.items()})
    assert {stem: described(respelt, stem) for stem in before} == before


def test_labels_may_have_blanks_and_maps_may_be_turned_round(write_lists):
    changed = {
        EVALUATE: "audio/1245.wav\tcity center\n",
        MAP: "audio/1245.wav\taudio/b118_0_10.wav\n",
    }
    clip = described(write_lists(changed), "1245", EVALUATION)
    assert (clip["scene"], clip["group"]) == ("city_center", "b118")


def test_a_clip_may_be_evaluated_in_two_folds(write_lists):
    """As six of upstream's are."""
    beach = described(write_lists(), "b020_90_100")
    assert (beach["fold1"], beach["fold2"]) == ("evaluate", "evaluate")


def test_an_error_list_may_name_clips_that_were_left_out(write_lists, caplog):
    changed = {ERRORS: LISTS[ERRORS] + "audio/b079_180_190.wav\t1.0\t2.0\terror\n"}
    assert described(write_lists(changed), "b111_173_183")["faulty"] == "yes"
    assert "error.txt: names unknown clips: b079_180_190" in caplog.text


def test_a_span_after_the_end_of_its_segment_is_no_fault_of_it(write_lists):
    changed = {ERRORS: "audio/b111_173_183.wav\t10.0\t10.5\terror\n"}
    assert described(write_lists(changed), "b111_173_183")["faulty"] == "no"


@pytest.mark.parametrize(
    ("tail", "text", "line", "message"),
    [
        (META, f"{BUS}\nb020_90_100.wav\tdesert\n", 2, "scene 'desert', expected one of beach,"),
        (META, "audio/b020.wav\tbeach\n", 1, "file 'audio/b020.wav', expected a name"),
        (META, f"{BEACH}\n\naudio/a112_100_110.wav\n", 3, "only 'audio/a112_100_110.wav', expect"),
        (META, f"{BEACH}\tb021\n", 1, "recording 'b021', expected 'b020', as the file's name"),
        (META, f"{BEACH}\nb020_90_100.wav\tbus\n", 2, "b020_90_100 as bus, expected beach,"),
        (META, "\0\1\2", 1, "expected a file and its scene"),
        (FOLD1_TRAIN, f"{BUS}\nb020_90_100.wav\tbus\n", 2, "b020_90_100 as bus, expected beach,"),
        (FOLD1_TRAIN, "audio/b019_0_10.wav\tbeach\n", 1, "b019_0_10, expected a clip of .*meta"),
        (
            FOLD1_EVALUATE,
            f"{BEACH}\n{BUS}\n",
            2,
            "a112_100_110 to evaluate, expected a clip that fold1_train.txt does not name",
        ),
        (ERRORS, "audio/b111_173_183.wav\terror\n", 1, "expected a file, onset and offset"),
        (ERRORS, "audio/b111_173_183.wav\tx\ty\terror\n", 1, "'x' and 'y', expected onset and"),
        (ERRORS, "audio/b111_173_183.wav\t3\t2\terror\n", 1, "a span from 3.0 to 2.0 s, expec"),
        (EVALUATE, "audio/b020_90_100.wav\tbeach\n", 1, "file .*expected a name such as audio/1"),
        (EVALUATE, "1.wav\tbus\n7.wav\tbus\n", 2, "7 without an original name, expected a line"),
        (MAP, "audio/1.wav\taudio/1245.wav\n", 1, "'audio/1.wav' and 'audio/1245.wav', expected"),
        (MAP, "a1_0_10.wav\t1.wav\na1_0_10.wav\t2.wav\n", 2, "a1_0_10 as 2, expected each name"),
        (MAP, "a1_0_10.wav\t1.wav\nb1_0_10.wav\t1.wav\n", 2, "b1_0_10 as 1, expected each name"),
    ],
)
def test_a_fault_in_a_list_is_named_with_its_line(write_lists, tail, text, line, message):
    metadata = write_lists({tail: text})
    with pytest.raises(DataError, match=message) as caught:
        clip_descriptions(metadata)
    assert f"{metadata[tail]}, line {line}: " in str(caught.value)


def test_a_missing_map_is_named_with_the_folders_looked_in(write_lists, tmp_path):
    write_lists()[MAP].unlink()
    with pytest.raises(DataError, match=rf"no {MAP} in {DEVELOPMENT}, {EVALUATION}"):
        find_metadata(tmp_path, [DEVELOPMENT, EVALUATION], METADATA)


def test_a_file_that_no_list_names_is_refused(write_lists):
    with pytest.raises(ValueError, match=r"^bad name: b999_0_10 is in neither TUT-acoustic-scenes"):
        described(write_lists(), "b999_0_10")


def test_the_corpus_promises_what_its_paper_and_its_lists_hold(tut2017_corpus):
    """Mesaros et al. (2017), and the sizes of the folds as dcase_util's tests have them."""
    assert tut2017_corpus.labels["scene"] == SCENES == tuple(sorted(SCENES))
    assert set(tut2017_corpus.counts["scene"].values()) == {312 + 108}
    for column, counts in tut2017_corpus.counts.items():
        assert sum(counts.values()) == 15 * 312 + 15 * 108, column
    evaluated = sum(tut2017_corpus.counts[f"fold{fold}"]["evaluate"] for fold in range(1, 5))
    assert evaluated == 4680 + 6


def test_the_archives_are_upstreams(tut2017_corpus):
    sizes = Counter()
    for archive in tut2017_corpus.archives:
        if archive.has_exact_size:
            sizes[archive.name.partition(".")[0]] += archive.bytes
    about = 53_687 + 4_473 + 1_071_856_687
    assert sizes == {DEVELOPMENT: 10_700_420_548, EVALUATION: 3_599_555_434 - about}
    assert len({archive.unpack_to for archive in tut2017_corpus.archives}) == 10 + 3 + 4 + 2
    assert len({archive.md5 for archive in tut2017_corpus.archives}) == 19


def test_development_and_evaluation_names_never_meet():
    stems = {subset: set() for subset in ("development", "evaluation")}
    groups = {subset: set() for subset in stems}
    for clip in upstream_clips():
        stems[clip["subset"]].add(clip["clip_id"])
        groups[clip["subset"]].add(clip["group"])
    assert not stems["development"] & stems["evaluation"]
    assert not groups["development"] & groups["evaluation"]


def test_the_real_clip_is_recognised(tut2017_corpus, write_lists, tmp_path):
    real_clip = real_corpus("tut2017") / "audio" / "b043_150_160.flac"
    # The name does not tell the scene: any will do here.
    changed = {META: LISTS[META] + "audio/b043_150_160.wav\thome\tb043\n"}
    descriptions = clip_descriptions(write_lists(changed))
    audio = tmp_path / DEVELOPMENT / "audio"
    audio.mkdir()
    shutil.copy(real_clip, audio)
    folders = [DEVELOPMENT, EVALUATION]
    manifest, rejected = index_clips(tmp_path, folders, tut2017_corpus, descriptions, threads=1)
    assert len(rejected) == 0
    (clip,) = manifest.to_dict("records")
    assert (clip["group"], clip["start_s"], clip["subset"]) == ("b043", "150", "development")
    # 10 s and one frame.
    assert (clip["sample_rate"], clip["channels"], clip["frames"]) == (44_100, 2, 441_001)
    with pytest.raises(DataError, match=r"names b020_90_100, a112_100_110, b111_173_183"):
        check_named(manifest, rejected, descriptions.named, tut2017_corpus)


def test_the_module_is_what_the_registry_says():
    from retable.registry import CORPORA, load

    assert load(CORPORA, "tut2017") is tut2017
