import re

import pandas as pd
import pytest

from retable.errors import DataError
from retable.spec.split import Shares
from retable.splits.shares import share_roles

SHARES = {"train": 0.6, "validation": 0.1, "test": 0.3}


def remixed(**fields) -> Shares:
    """60 %, 10 % and 30 % of each accent, as cabcnn, section 4, has them."""
    given = {"kind": "shares", "shares": SHARES, "stratify": "accent", "seed": 1}
    return Shares.model_validate(given | fields)


def podcasts(segments: int = 1, **clips: int) -> pd.DataFrame:
    """So many clips of each accent, the podcasts of which have so many segments each."""
    rows = [
        (f"{accent}-{clip // segments:03d}__{clip % segments}", f"{accent}-{clip // segments:03d}")
        for accent, number in clips.items()
        for clip in range(number)
    ]
    table = pd.DataFrame(rows, columns=["clip_id", "group"])
    return table.assign(accent=table["clip_id"].str[:2], speaker="")


def counted(clips: pd.DataFrame, roles: pd.DataFrame) -> dict[str, tuple[int, ...]]:
    """Accent -> clips of each role: of those that train, validate and test, as far as any do."""
    merged = clips.merge(roles, on="clip_id")
    counts = pd.crosstab(merged["accent"], merged["role"])
    assert set(counts.columns) <= set(SHARES)
    ordered = [role for role in SHARES if role in counts.columns]
    return {
        str(accent): tuple(int(row[role]) for role in ordered) for accent, row in counts.iterrows()
    }


def drawn(clips: pd.DataFrame, split: Shares, repeat: int = 0) -> pd.DataFrame:
    (roles,) = share_roles(clips, split, repeat)
    return roles


def test_each_accent_is_shared_out_as_in_table_1_of_cabcnn():
    clips = podcasts(US=646, UK=579, AU=764)
    assert counted(clips, drawn(clips, remixed())) == {
        "AU": (458, 76, 230),
        "UK": (347, 58, 174),
        "US": (387, 65, 194),
    }


def test_the_335_british_clips_of_the_corpus_give_the_100_of_the_printed_matrices():
    # 0.6 x 335 = 201; of the other 134, 3/4 are 100.5, and the even neighbour is 100.
    clips = podcasts(UK=335, US=646)
    assert counted(clips, drawn(clips, remixed())) == {"UK": (201, 34, 100), "US": (387, 65, 194)}


def test_shares_are_taken_as_they_are_written():
    # In binary, 0.29 x 100 is 28.999999999999996, whose floor is a clip too few.
    clips = podcasts(UK=100)
    split = remixed(shares={"train": 0.29, "validation": 0.41, "test": 0.3})
    assert counted(clips, drawn(clips, split)) == {"UK": (29, 41, 30)}


TRAIN_TEST = {"train": 0.8, "test": 0.2}
"""As densenet_ser, section III, has them: 80 % train, the others are tested."""


def test_without_validation_all_that_does_not_train_is_tested():
    # 0.8 x 96 = 76.8 and 0.8 x 192 = 153.6, rounded down: as many neutral and sad clips as RAVDESS
    # has.
    clips = podcasts(AU=96, UK=192)
    split = remixed(shares=TRAIN_TEST)
    assert not split.has_validation
    assert counted(clips, drawn(clips, split)) == {"AU": (76, 20), "UK": (153, 39)}


def test_without_validation_groups_stay_in_one_of_two_roles():
    # 24 actors in five folds, of which one is tested: four or five of them.
    clips = podcasts(AU=240, segments=10).assign(
        accent=["AU", "UK"] * 120, speaker=lambda table: table["group"]
    )
    roles = drawn(clips, remixed(shares=TRAIN_TEST, group="speaker"))
    actors = clips.merge(roles, on="clip_id").groupby("role")["speaker"].agg(set)
    assert actors.index.tolist() == ["test", "train"]
    assert not actors["test"] & actors["train"]
    assert len(actors["test"]) in (4, 5)


def test_every_clip_has_one_role_and_stands_in_order():
    clips = podcasts(AU=50, UK=30)
    shuffled = clips.sample(frac=1, random_state=3)
    roles = drawn(shuffled, remixed())
    assert roles["clip_id"].tolist() == sorted(clips["clip_id"])
    pd.testing.assert_frame_equal(roles, drawn(clips, remixed()))
    # Not the first of each accent train: of 60 %, taken in order, none would be held out.
    assert set(roles["role"].head(30)) == {"train", "validation", "test"}


@pytest.mark.parametrize("group", [None, "group"])
def test_a_seed_and_a_repeat_give_the_same_roles_again_and_others_give_others(group):
    clips = podcasts(AU=120, UK=60, segments=3)

    def roles(seed: int, repeat: int) -> tuple[str, ...]:
        return tuple(drawn(clips, remixed(seed=seed, group=group), repeat)["role"])

    assert roles(1, 0) == roles(1, 0)
    assert len({roles(1, 0), roles(1, 1), roles(2, 0), roles(2, 1)}) == 4


def test_podcasts_stay_in_one_role_and_their_shares_are_met():
    # 20 podcasts of 10 segments in ten folds: two in each fold, whichever they are.
    clips = podcasts(AU=100, UK=100, segments=10)
    roles = drawn(clips, remixed(group="group"))
    assert (clips.merge(roles, on="clip_id").groupby("group")["role"].nunique() == 1).all()
    assert counted(clips, roles) == {"AU": (60, 10, 30), "UK": (60, 10, 30)}


def test_shares_of_twentieths_are_made_of_twenty_folds():
    clips = podcasts(AU=200, UK=200, segments=10)
    split = remixed(group="group", shares={"train": 0.65, "validation": 0.05, "test": 0.3})
    assert counted(clips, drawn(clips, split)) == {"AU": (130, 10, 60), "UK": (130, 10, 60)}


def test_podcasts_of_unequal_length_are_shared_out_nearly():
    generator = pd.Series(range(60)).sample(frac=1, random_state=5)
    clips = pd.concat(
        podcasts(AU=5 + int(length) % 20, segments=100).assign(
            clip_id=lambda table, at=at: f"{at:02d}" + table["clip_id"],
            group=f"podcast{at:02d}",
            accent="AU" if at < 40 else "UK",
        )
        for at, length in enumerate(generator)
    )
    roles = drawn(clips, remixed(group="group"))
    for accent, numbers in counted(clips, roles).items():
        clips_of_it = (clips["accent"] == accent).sum()
        for number, share in zip(numbers, SHARES.values(), strict=True):
            assert abs(number / clips_of_it - share) < 0.05


@pytest.mark.parametrize("repeat", range(8))
def test_an_accent_of_fewer_podcasts_than_folds_is_in_every_role(repeat):
    clips = podcasts(AU=400, UK=40, segments=10)  # 4 British podcasts, and one fold validates
    numbers = counted(clips, drawn(clips, remixed(group="group"), repeat))["UK"]
    assert min(numbers) >= 10


@pytest.mark.parametrize(
    ("clips", "group", "message"),
    [
        (
            # 0.6 x 3 leaves 2 clips, of which 3/4 are 1.5, rounded to 2.
            podcasts(AU=50, UK=3),
            None,
            "shares train 0.6, validation 0.1, test 0.3: role validation has no clip of accent "
            "'UK', of which there are 3 clips; take a dataset with more clips of it, or without it",
        ),
        (
            podcasts(AU=1, UK=1),
            None,
            "role train has no clip of accent 'AU', of which there are 1 clips; take a dataset",
        ),
        (
            podcasts(AU=200, UK=20, segments=10),
            "group",
            "has no clip of accent 'UK', of which there are 20 clips of 2 groups; take a dataset "
            "with more groups of it, or without it, or drop `group`",
        ),
        (
            podcasts(AU=60, UK=30, segments=10),
            "group",
            "shares are dealt out in 10 folds, which need at least as many groups, found 9; take a "
            "larger dataset",
        ),
        (
            podcasts(AU=60, UK=30),
            "speaker",  # of whom the corpus says nothing
            "which need at least as many speakers, found 1",
        ),
        (
            podcasts(AU=60, UK=8),
            "group",
            "which need at least as many clips of each accent, found 8 of 'UK'; take a larger",
        ),
        (
            podcasts(AU=60).drop(columns="accent"),
            None,
            "stratified by column 'accent', which the manifest lacks; it has clip_id, group, "
            "speaker. Correct `stratify`",
        ),
        (
            podcasts(AU=60).assign(accent=["", *["AU"] * 58, ""]),
            None,
            "column 'accent', which is empty for 2 clips: AU-000__0, AU-059__0. Take a dataset",
        ),
    ],
)
def test_clips_that_cannot_be_shared_out_are_named(clips, group, message):
    with pytest.raises(DataError, match=re.escape(message)):
        share_roles(clips, remixed(group=group), 0)


def test_a_class_of_one_clip_cannot_train_and_be_tested():
    message = (
        "shares train 0.8, test 0.2: role train has no clip of accent 'UK', of which there are 1 "
        "clips; take a dataset with more clips of it, or without it"
    )
    with pytest.raises(DataError, match=re.escape(message)):
        share_roles(podcasts(AU=50, UK=1), remixed(shares=TRAIN_TEST), 0)
