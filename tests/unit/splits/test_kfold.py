import pandas as pd
import pytest

from retable.errors import DataError
from retable.spec.split import KFold
from retable.splits.kfold import fold_roles


def dataset(clips: int, speakers: int = 24) -> pd.DataFrame:
    """Clips of speakers in turn; two clips in a row are of one recording."""
    return pd.DataFrame(
        {
            "clip_id": [f"clip{clip:03d}" for clip in range(clips)],
            "speaker": [f"{clip % speakers:02d}" for clip in range(clips)],
            "group": [f"recording{clip // 2}" for clip in range(clips)],
        }
    )


def random_folds(**fields) -> KFold:
    return KFold.model_validate({"kind": "kfold", "folds": 5, "seed": 1, **fields})


def held_out(folds: list[pd.DataFrame]) -> list[set[str]]:
    return [set(roles.loc[roles["role"] == "test", "clip_id"]) for roles in folds]


def test_five_equal_folds_of_the_335_clips_of_gresnets_hold_out_67_each():
    folds = fold_roles(dataset(335), random_folds(equal=True), repeat=0)
    tested = held_out(folds)
    assert [len(clips) for clips in tested] == [67] * 5
    assert len(set.union(*tested)) == 335
    for roles in folds:
        assert roles["role"].value_counts().to_dict() == {"train": 268, "test": 67}


def test_equal_folds_leave_out_what_does_not_divide():
    folds = fold_roles(dataset(336), random_folds(equal=True), repeat=0)
    assert [len(clips) for clips in held_out(folds)] == [67] * 5
    present = [set(roles["clip_id"]) for roles in folds]
    assert all(clips == present[0] for clips in present)
    assert len(present[0]) == 335
    other_seed = fold_roles(dataset(336), random_folds(equal=True, seed=2), repeat=0)
    assert set(other_seed[0]["clip_id"]) != present[0]


def test_unequal_folds_hold_out_every_clip_once():
    folds = fold_roles(dataset(337), random_folds(), repeat=0)
    tested = held_out(folds)
    assert sorted(len(clips) for clips in tested) == [67, 67, 67, 68, 68]
    assert sum(map(len, tested)) == len(set.union(*tested)) == 337


def test_clips_are_held_out_at_random_and_not_in_their_order():
    first = held_out(fold_roles(dataset(335), random_folds(), repeat=0))[0]
    assert first != {f"clip{clip:03d}" for clip in range(67)}


def test_a_seed_and_a_repeat_give_the_same_folds_again_and_others_give_others():
    def drawn(seed: int, repeat: int) -> list[set[str]]:
        return held_out(fold_roles(dataset(335), random_folds(seed=seed), repeat))

    assert drawn(1, 0) == drawn(1, 0)
    distinct = [drawn(1, 0), drawn(1, 1), drawn(2, 0), drawn(2, 1)]
    assert all(one != other for at, one in enumerate(distinct) for other in distinct[at + 1 :])


def test_the_order_of_the_rows_does_not_matter():
    clips = dataset(50)
    shuffled = clips.sample(frac=1, random_state=3)
    for one, other in zip(
        fold_roles(clips, random_folds(), 0), fold_roles(shuffled, random_folds(), 0), strict=True
    ):
        pd.testing.assert_frame_equal(one, other)
        assert one["clip_id"].is_monotonic_increasing


@pytest.mark.parametrize("column", ["speaker", "group"])
def test_grouped_folds_keep_a_group_on_one_side(column):
    clips = dataset(240)
    folds = fold_roles(clips, random_folds(group=column), repeat=0)
    assert len(set.union(*held_out(folds))) == 240
    for roles in folds:
        merged = roles.merge(clips, on="clip_id")
        sides = merged.groupby(column)["role"].nunique()
        assert (sides == 1).all()
    other = fold_roles(clips, random_folds(group=column, seed=2), repeat=0)
    assert held_out(other) != held_out(folds)


def test_fewer_groups_or_clips_than_folds_are_refused():
    with pytest.raises(DataError, match="5 folds need at least as many speakers, found 4; lower"):
        fold_roles(dataset(100, speakers=4), random_folds(group="speaker"), repeat=0)
    for equal in (False, True):
        with pytest.raises(DataError, match="5 folds need at least as many clips, found 3; lower"):
            fold_roles(dataset(3), random_folds(equal=equal), repeat=0)
