import re

import pandas as pd
import pytest

from corpus_specs import CORPORA
from retable.errors import DataError
from retable.spec.split import KFold
from retable.splits.kfold import fold_roles
from retable.tsv import read_tsv

SPEAKERS = read_tsv(CORPORA / "vctk-speakers.tsv", ("speaker", "accent"))
"""The 37 speakers of six accents that gresnets, section 5.4, takes from VCTK."""


def vctk() -> pd.DataFrame:
    """Clips of the 37 speakers, 20 to 44 each (VCTK has ten times as many)."""
    speakers = SPEAKERS[["speaker", "accent"]].itertuples(index=False, name=None)
    rows = [
        (f"{speaker}_{clip:03d}", speaker, accent)
        for at, (speaker, accent) in enumerate(speakers)
        for clip in range(20 + at * 7 % 25)
    ]
    return pd.DataFrame(rows, columns=["clip_id", "speaker", "accent"])


def stratified(folds: int, **fields) -> KFold:
    given = {"kind": "kfold", "folds": folds, "seed": 1, "stratify": "accent"}
    return KFold.model_validate(given | fields)


def held_out(clips: pd.DataFrame, roles: pd.DataFrame) -> pd.DataFrame:
    return clips.merge(roles[roles["role"] == "test"], on="clip_id")


def test_each_fold_holds_out_as_many_clips_of_a_class():
    clips = pd.DataFrame(
        {
            "clip_id": [f"clip{clip:03d}" for clip in range(90)],
            "accent": ["AU"] * 50 + ["UK"] * 10 + ["US"] * 30,
        }
    )
    folds = fold_roles(clips, stratified(5), repeat=0)
    for roles in folds:
        counts = held_out(clips, roles)["accent"].value_counts().to_dict()
        assert counts == {"AU": 10, "UK": 2, "US": 6}
        assert len(roles) == 90
        assert roles["clip_id"].is_monotonic_increasing
    tested = [set(held_out(clips, roles)["clip_id"]) for roles in folds]
    assert sum(map(len, tested)) == len(set.union(*tested)) == 90


@pytest.mark.parametrize("repeat", range(3))
def test_six_folds_by_speaker_hold_out_speakers_of_all_six_accents_of_vctk(repeat):
    clips = vctk()
    assert clips["speaker"].nunique() == 37
    folds = fold_roles(clips, stratified(6, group="speaker"), repeat)
    held_out_speakers: list[str] = []
    for roles in folds:
        of_fold = held_out(clips, roles)
        assert set(of_fold["accent"]) == set(SPEAKERS["accent"])
        trained = set(clips["speaker"]) - set(of_fold["speaker"])
        assert len(trained) in (30, 31)
        merged = clips.merge(roles, on="clip_id")
        assert set(merged.loc[merged["role"] == "train", "speaker"]) == trained
        held_out_speakers += sorted(set(of_fold["speaker"]))
    assert sorted(held_out_speakers) == sorted(set(clips["speaker"]))


@pytest.mark.parametrize("group", [None, "speaker"])
def test_a_seed_and_a_repeat_give_the_same_folds_again_and_others_give_others(group):
    # Speakers of 10 clips each: those of different size are spread alike in every draw.
    clips = vctk().groupby("speaker").head(10)

    def roles(seed: int, repeat: int) -> tuple[str, ...]:
        folds = fold_roles(clips, stratified(6, seed=seed, group=group), repeat)
        return tuple(role for fold in folds for role in fold["role"])

    assert roles(1, 0) == roles(1, 0)
    assert len({roles(1, 0), roles(1, 1), roles(2, 0), roles(2, 1)}) == 4


@pytest.mark.parametrize(
    ("folds", "group", "message"),
    [
        (
            25,
            None,
            "25 folds stratified by accent need at least as many clips of each accent, found 24 of "
            "'Canadian'; lower `folds` or take a dataset with more of them, or without that one",
        ),
        (
            7,
            "speaker",
            "7 folds stratified by accent need at least as many speakers of each accent, found 6 "
            "of 'Canadian'; lower `folds`",
        ),
    ],
)
def test_more_folds_than_a_class_has_clips_or_speakers_are_refused(folds, group, message):
    clips = vctk()
    of_one = clips["accent"] == "Canadian"
    few = pd.concat([clips[~of_one], clips[of_one].groupby("speaker").head(4)])
    with pytest.raises(DataError, match=re.escape(message)):
        fold_roles(few, stratified(folds, group=group), repeat=0)


def test_a_fold_that_holds_out_no_clip_of_a_class_is_refused():
    """Two speakers of each accent, but one of them speaks both: the other two are kept apart."""
    clips = pd.DataFrame(
        [
            ("c1", "p1", "English"),
            ("c2", "p2", "Irish"),
            ("c3", "p3", "English"),
            ("c4", "p3", "Irish"),
        ],
        columns=["clip_id", "speaker", "accent"],
    )
    message = (
        "fold 0: role (train|test) has no clip of accent '(English|Irish)', of which there are 2 "
        "clips of 2 speakers; take a dataset with more speakers of it, or without it, or drop "
        "`group`"
    )
    with pytest.raises(DataError, match=message):
        fold_roles(clips, stratified(2, group="speaker"), repeat=0)


def test_a_column_that_the_clips_lack_is_named():
    with pytest.raises(DataError, match="column 'accent', which the manifest lacks; it has clip_"):
        fold_roles(vctk().drop(columns="accent"), stratified(2), repeat=0)
