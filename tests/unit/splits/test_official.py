import re

import pandas as pd
import pytest

from retable.errors import DataError
from retable.spec.split import OfficialFolds
from retable.splits.official import listed_facts, official_roles

SCENES = pd.DataFrame(
    [
        ("b3", "development", "evaluate", "train"),
        ("a1", "development", "train", "evaluate"),
        ("a2", "development", "train", ""),
        ("e1", "evaluation", "", ""),
        ("e2", "evaluation", "", ""),
    ],
    columns=["clip_id", "subset", "fold1", "fold2"],
)
"""A column a fold, as TUT Acoustic Scenes 2017 has; a2 is in no list of fold 2."""

TEST = {"subset": ["evaluation"]}
SCENE_FOLDS = OfficialFolds(
    kind="official",
    roles=(
        {"train": {"fold1": ["train"]}, "validation": {"fold1": ["evaluate"]}, "test": TEST},
        {"train": {"fold2": ["train"]}, "validation": {"fold2": ["evaluate"]}, "test": TEST},
    ),
)


def roles_of(table: pd.DataFrame) -> dict[str, str]:
    return dict(zip(table["clip_id"], table["role"], strict=True))


def one_fold(**roles) -> OfficialFolds:
    return OfficialFolds.model_validate({"kind": "official", "roles": [roles]})


def test_a_column_a_fold():
    first, second = official_roles(SCENES, SCENE_FOLDS)
    assert roles_of(first) == {
        "a1": "train",
        "a2": "train",
        "b3": "validation",
        "e1": "test",
        "e2": "test",
    }
    assert roles_of(second) == {"a1": "validation", "b3": "train", "e1": "test", "e2": "test"}
    assert first["clip_id"].is_monotonic_increasing


def test_a_column_of_folds():
    """ESC-50 has its fold in a column: test on one, validate on the next, train on the rest."""
    clips = pd.DataFrame({"clip_id": list("abcdefghij"), "fold": list("1234512345")})
    split = OfficialFolds(
        kind="official",
        roles=tuple(
            {
                "train": {"fold": [f for f in "12345" if f not in (test, validation)]},
                "validation": {"fold": [validation]},
                "test": {"fold": [test]},
            }
            for test, validation in [("1", "2"), ("2", "3"), ("3", "4"), ("4", "5")]
        ),
    )
    folds = official_roles(clips, split)
    assert len(folds) == split.folds == 4
    for roles in folds:
        assert roles["role"].value_counts().to_dict() == {"train": 6, "validation": 2, "test": 2}
    assert roles_of(folds[3]) | {"d": "test", "e": "validation"} == roles_of(folds[3])


def test_a_clip_must_match_every_column_of_a_filter():
    split = one_fold(
        train={"subset": ["development"], "fold1": ["train"]},
        test={"subset": ["development", "evaluation"], "fold1": ["", "evaluate"]},
    )
    assert roles_of(official_roles(SCENES, split)[0]) == {
        "a1": "train",
        "a2": "train",
        "b3": "test",
        "e1": "test",
        "e2": "test",
    }


@pytest.mark.parametrize(
    ("roles", "fault"),
    [
        (
            {"train": {"fold1": ["train"]}, "test": {"subset": ["eval", "final"]}},
            "fold 0, role test: none of 5 clips has subset 'eval' or 'final' (values present in "
            "subset: 'development', 'evaluation')",
        ),
        (
            {"train": {"fold1": ["train"], "subset": ["evaluation"]}},
            "fold 0, role train: none of 5 clips has fold1 'train' and subset 'evaluation' (values "
            "present in fold1: '', 'evaluate', 'train'; subset: 'development', 'evaluation')",
        ),
        (
            {"train": {"fold5": ["train"]}},
            "fold 0, role train of the split in paper.yaml filters on column 'fold5', which the "
            "manifest lacks: did you mean 'fold2'? It has clip_id, subset, fold1, fold2",
        ),
        (
            {"train": {"fold1": ["train"]}, "test": {"subset": ["development"]}},
            "fold 0: 2 clips have the role test and also train, first 'a1'",
        ),
    ],
)
def test_filters_that_do_not_fit_the_clips_are_named(roles, fault):
    with pytest.raises(DataError, match=re.escape(fault)):
        official_roles(SCENES, one_fold(**roles))


def test_a_faulty_filter_of_a_later_fold_is_named_with_its_fold():
    later = {"train": {"fold2": ["train"]}, "test": {"fold2": ["test"]}}
    split = SCENE_FOLDS.model_copy(update={"roles": (*SCENE_FOLDS.roles, later)})
    with pytest.raises(DataError, match="fold 2, role test: none of 5 clips"):
        official_roles(SCENES, split)


VOICES = pd.DataFrame(
    [
        # clip_id, speaker, emotion
        *((f"anna{clip}", "anna", "sad") for clip in range(4)),
        *((f"bert{clip}", "bert", "sad") for clip in range(3)),
        *((f"cleo{clip}", "cleo", "sad") for clip in range(2)),
        ("dora0", "dora", "sad"),
    ],
    columns=["clip_id", "speaker", "emotion"],
)
BY_SPEAKER = one_fold(train={"speaker": ["anna", "bert"]}, test={"speaker": ["cleo"]})


def test_clips_are_listed_by_role_whether_or_not_they_are_rejected():
    silent = pd.DataFrame(
        [("silent", "cleo2", "cleo", "sad"), ("silent", "emil0", "emil", "sad")],
        columns=["reason", "clip_id", "speaker", "emotion"],
    )
    # dora and emil have no role: 7 and 3 of 10 clips.
    assert listed_facts(VOICES, silent, BY_SPEAKER) == {
        "train": {"clips": 7, "speakers": 2, "percent": pytest.approx(70)},
        "test": {"clips": 3, "speakers": 1, "percent": pytest.approx(30)},
        "all": {"clips": 10, "speakers": 3, "percent": 100},
    }
    assert listed_facts(VOICES, silent.head(0), BY_SPEAKER)["test"]["clips"] == 2


def test_a_rejected_speaker_counts_as_one():
    split = one_fold(train={"speaker": ["anna"]}, test={"speaker": ["bert", "zoe"]})
    lost = pd.DataFrame({"clip_id": ["zoe0"], "speaker": ["zoe"], "emotion": ["sad"]})
    assert listed_facts(VOICES, lost, split)["test"]["speakers"] == 2


def test_clips_of_nobody_have_no_speaker_and_the_first_fold_is_told():
    scenes = SCENES.assign(speaker="")
    assert listed_facts(scenes, scenes.head(0), SCENE_FOLDS) == {
        "train": {"clips": 2, "speakers": 0, "percent": pytest.approx(40)},
        "validation": {"clips": 1, "speakers": 0, "percent": pytest.approx(20)},
        "test": {"clips": 2, "speakers": 0, "percent": pytest.approx(40)},
        "all": {"clips": 5, "speakers": 0, "percent": 100},
    }
