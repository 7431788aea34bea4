"""Splits that train on clips of other datasets too."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from retable.checks.splits import check_fold_sizes, check_leakage
from retable.errors import DataError
from retable.spec.split import ExtraClips, KFold, OfficialFolds, Shares
from retable.splits.extra import extra_clips
from retable.splits.files import write_split
from retable.splits.roles import read_roles
from retable.tsv import read_tsv

EMOTIONS = ("neutral", "calm", "happy", "sad")
SPEECH = {name: 20 for name in EMOTIONS}
SAVEE = {"neutral": 120, "happy": 60, "sad": 60}
"""SAVEE has twice as many neutral clips as of any other emotion, and none that are calm."""
EACH = 64
"""Extra clips that are drawn of each dataset."""


def clips_of(prefix: str, counts: dict[str, int], speakers: int = 4, **columns) -> pd.DataFrame:
    """So many clips of each emotion, dealt out to speakers 01, 02 and so on."""
    table = pd.DataFrame(
        [
            (f"{prefix}-{emotion}-{clip:03d}", f"{1 + clip % speakers:02d}", emotion)
            for emotion, number in counts.items()
            for clip in range(number)
        ],
        columns=["clip_id", "speaker", "emotion"],
    )
    return table.assign(group="", **columns)


def mix(*extra: dict, **fields) -> Shares:
    """80 % of the main dataset's clips of each emotion, and extra clips (densenet_ser, Table I)."""
    shares = {"train": 0.8, "test": 0.2}
    given = {"kind": "shares", "shares": shares, "stratify": "emotion", "seed": 1, "extra": extra}
    return Shares.model_validate(given | fields)


@pytest.fixture
def written(tmp_path):
    """Writes a split of RAVDESS speech with extra clips of SAVEE and TESS; gives its files."""
    tables = {
        "ravdess-speech": clips_of("03", SPEECH, statement="01"),
        "savee-all": clips_of("DC", SAVEE),
        # Further clips of an actor whose name another corpus has too.
        "tess-all": clips_of("OAF", {"happy": 40, "sad": 40}, speakers=1, word="back"),
    }
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.tsv", sep="\t", index=False)
    rejected = tmp_path / "ravdess-speech-rejected.tsv"
    tables["ravdess-speech"].head(0).to_csv(rejected, sep="\t", index=False)

    def write(split, folder="split"):
        (tmp_path / folder).mkdir()
        files = [tmp_path / folder / name for name in ("roles.tsv", "audit.tsv", "split.json")]
        names = ["ravdess-speech", *(one.dataset for one in split.extra)]
        write_split([tmp_path / f"{name}.tsv" for name in names], rejected, split, *files)
        return files

    return write


ALL = ({"dataset": "savee-all"}, {"dataset": "tess-all"})
SOME = ({"dataset": "savee-all", "clips": EACH}, {"dataset": "tess-all", "clips": EACH})


def prefixes(clip_ids) -> dict[str, int]:
    """Corpus -> number of its clips."""
    return pd.Series(list(clip_ids)).str.partition("-")[0].value_counts().to_dict()


def test_extra_clips_train_and_only_the_main_dataset_is_tested(written):
    by_role = read_roles(written(mix(*ALL))[0])[0, 0]
    assert prefixes(by_role["train"]) == {"03": 64, "DC": 240, "OAF": 80}
    assert prefixes(by_role["test"]) == {"03": 16}
    assert by_role["train"] == sorted(by_role["train"])


def test_the_main_dataset_is_split_as_without_them(written):
    alone = read_roles(written(mix(), "alone")[0])[0, 0]
    extended = read_roles(written(mix(*SOME), "extended")[0])[0, 0]
    assert extended["test"] == alone["test"]
    assert set(alone["train"]) < set(extended["train"])


def test_the_facts_count_all_clips_by_class_and_dataset(written):
    _, _, facts_file = written(mix(*SOME))
    facts = json.loads(facts_file.read_text())
    assert facts["extra"] == [
        {"dataset": "savee-all", "clips": EACH},
        {"dataset": "tess-all", "clips": EACH},
    ]
    # 16 of each emotion of RAVDESS; half of SAVEE is neutral, and half of TESS happy.
    assert facts["counts"]["train"] == {
        "calm": 16, "happy": 16 + 16 + 32, "neutral": 16 + 32, "sad": 16 + 16 + 32,
        "all": 64 + 2 * EACH,
    }  # fmt: skip
    assert facts["counts"]["test"] == {name: 4 for name in sorted(EMOTIONS)} | {"all": 16}
    assert facts["sizes"][1] == {"repeat": 0, "fold": 0, "role": "train", "clips": 64 + 2 * EACH}
    assert check_fold_sizes(facts_file, "mix").passed


def test_a_split_without_extra_clips_says_nothing_of_any(written):
    assert "extra" not in json.loads(written(mix())[2].read_text())


def test_a_speaker_of_another_corpus_is_another_speaker(written):
    """Every corpus has a speaker 01; those of RAVDESS stay in one role each."""
    _, audit_file, _ = written(mix(*ALL, group="speaker", shares={"train": 0.75, "test": 0.25}))
    audit = read_tsv(audit_file, ("unit", "roles", "shared"))
    assert set(audit["roles"]) == {"test-train"}
    assert audit["shared"].tolist() == ["0", "0", "0"]
    assert all(check.passed for check in check_leakage(audit_file, "mix"))


def test_a_speaker_of_the_same_corpus_is_the_same(tmp_path):
    """Songs of the actors whose speech is tested."""
    for name, prefix in {"ravdess-speech": "03-01", "ravdess-song": "03-02"}.items():
        clips_of(prefix, SPEECH).to_csv(tmp_path / f"{name}.tsv", sep="\t", index=False)
    split = mix({"dataset": "ravdess-song"}, group="speaker", shares={"train": 0.75, "test": 0.25})
    files = [tmp_path / name for name in ("roles.tsv", "audit.tsv", "split.json")]
    datasets = [tmp_path / "ravdess-speech.tsv", tmp_path / "ravdess-song.tsv"]
    write_split(datasets, tmp_path / "absent.tsv", split, *files)
    leaks = {check.check: check.passed for check in check_leakage(files[1], "mix")}
    assert leaks["leakage of speakers"] is False
    assert leaks["leakage of clips"] is True


@pytest.mark.parametrize("clips", [4, 7, 64, 100, 239, 240])
def test_a_draw_keeps_the_share_of_each_class(clips):
    savee = clips_of("DC", SAVEE)
    extra = ExtraClips(dataset="savee-all", clips=clips)
    counts = extra_clips(savee, extra, "emotion", seed=1)["emotion"].value_counts()
    assert counts.sum() == clips
    for emotion, number in SAVEE.items():
        assert abs(counts[emotion] - clips * number / 240) < 1


def test_256_clips_of_crema_d_are_a_sixth_of_each_emotion():
    # 7442 clips: 1271 of each of five emotions, 1087 neutral; 256 x 1271 / 7442 = 43.7 and
    # 256 x 1087 / 7442 = 37.4: the five are rounded up, but for one, so that the sum is 256.
    emotions = dict.fromkeys(("angry", "disgust", "fearful", "happy", "sad"), 1271)
    crema_d = clips_of("10", emotions | {"neutral": 1087})
    drawn = extra_clips(crema_d, ExtraClips(dataset="crema_d-all", clips=256), "emotion", seed=1)
    counts = drawn["emotion"].value_counts()
    assert counts["neutral"] == 37
    assert sorted(counts.drop("neutral")) == [43, 44, 44, 44, 44]
    assert drawn["clip_id"].is_unique and drawn["clip_id"].is_monotonic_increasing


def test_a_seed_and_a_dataset_give_the_same_draw_again_and_others_another():
    savee = clips_of("DC", SAVEE)

    def drawn(dataset: str, seed: int, table=savee) -> tuple[str, ...]:
        extra = ExtraClips(dataset=dataset, clips=EACH)
        return tuple(extra_clips(table, extra, "emotion", seed)["clip_id"])

    shuffled = savee.sample(frac=1, random_state=3)
    assert drawn("savee-all", 1) == drawn("savee-all", 1) == drawn("savee-all", 1, shuffled)
    assert len({drawn("savee-all", 1), drawn("savee-all", 2), drawn("tess-all", 1)}) == 3
    # Not the first of each emotion.
    assert drawn("savee-all", 1) != tuple(savee.groupby("emotion").head(16)["clip_id"])


def test_every_repeat_and_fold_trains_on_the_same_draw(written):
    folds = KFold.model_validate(
        {
            "kind": "kfold", "folds": 4, "seed": 1, "repeats": 2, "stratify": "emotion",
            "extra": [SOME[0]],
        }
    )  # fmt: skip
    drawn = {
        place: {clip for clip in by_role["train"] if clip.startswith("DC")}
        for place, by_role in read_roles(written(folds)[0]).items()
    }
    assert len(drawn) == 8
    first = drawn[0, 0]
    assert len(first) == EACH and all(clips == first for clips in drawn.values())


def test_official_folds_take_all_clips_of_another_dataset(written):
    split = OfficialFolds.model_validate(
        {
            "kind": "official",
            "roles": [{"train": {"speaker": ["01", "02", "03"]}, "test": {"speaker": ["04"]}}],
            "extra": [{"dataset": "tess-all"}],
        }
    )
    by_role = read_roles(written(split)[0])[0, 0]
    assert prefixes(by_role["train"]) == {"03": 60, "OAF": 80}
    assert prefixes(by_role["test"]) == {"03": 20}


def test_equal_splits_give_equal_bytes(written):
    first, second = (written(mix(*SOME), name) for name in ("first", "second"))
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]


def test_more_clips_than_there_are_is_an_error_that_says_how_many_there_are(written):
    message = (
        "tess-all.tsv: the split draws 256 extra clips of tess-all, and there are 80; lower "
        "`clips` in paper.yaml, leave it out to take them all, or use a source that holds more"
    )
    with pytest.raises(DataError, match=re.escape(message)):
        written(mix({"dataset": "tess-all", "clips": 256}))


def test_a_clip_that_two_datasets_share_is_named(tmp_path, written):
    savee = read_tsv(tmp_path / "savee-all.tsv", ("clip_id",))
    savee.loc[np.arange(2), "clip_id"] = ["03-calm-000", "03-calm-001"]
    savee.to_csv(tmp_path / "savee-all.tsv", sep="\t", index=False)
    message = (
        "ravdess-speech and savee-all share 2 clips: 03-calm-000, 03-calm-001; extra clips must be "
        "others than those that are split"
    )
    with pytest.raises(DataError, match=re.escape(message)):
        written(mix(*SOME))


def test_an_extra_clip_without_a_class_is_named(tmp_path, written):
    tess = read_tsv(tmp_path / "tess-all.tsv", ("clip_id",))
    tess.loc[0, "emotion"] = ""
    tess.to_csv(tmp_path / "tess-all.tsv", sep="\t", index=False)
    message = r"tess-all\.tsv: the split is stratified by column 'emotion', .*: OAF-happy-000"
    with pytest.raises(DataError, match=message):
        written(mix(*ALL))
