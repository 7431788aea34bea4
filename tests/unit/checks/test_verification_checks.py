"""Checks of verifications: of which clips their pairs are, whatever was decided."""

import pandas as pd
import pytest

from retable.checks.verifications import check_verification
from retable.errors import DataError
from retable.evaluation.speaker_pairs import draw_pairs
from retable.tsv import write_tsv

SPEAKERS = {"a0": "2001", "a1": "2001", "a2": "2001", "b0": "2002", "t0": "1001", "t1": "1001"}
TESTED = ("a0", "a1", "a2", "b0")
SOUND = [
    ("a0|a1", "same"), ("a0|a2", "same"), ("a0|b0", "different"), ("a1|b0", "different"),
]  # fmt: skip
CHECKS = [
    "half of the pairs are of one speaker",
    "no pair of clips twice",
    "pairs of test clips",
    "targets of pairs as the speakers",
]


def write_pairs(path, pairs, repeats=2):
    """Predictions of the same pairs in every repeat, without their scores."""
    rows = [(repeat, 0, *pair) for repeat in range(repeats) for pair in pairs]
    columns = ["repeat", "fold", "clip_id", "target"]
    pd.DataFrame(rows, columns=columns).astype({"repeat": int, "fold": int}).to_parquet(path)
    return [path]


def check(folder, pairs, speakers=SPEAKERS, tested=TESTED):
    predictions = write_pairs(folder / "p.parquet", pairs)
    dataset, roles = folder / "dataset.tsv", folder / "roles.tsv"
    write_tsv(pd.DataFrame(speakers.items(), columns=["clip_id", "speaker"]), dataset)
    split = [(0, 0, clip, "test" if clip in tested else "train") for clip in SPEAKERS]
    write_tsv(pd.DataFrame(split, columns=["repeat", "fold", "clip_id", "role"]), roles)
    return check_verification(predictions, dataset, "speaker", roles, "SC-SAME-SPK-A paper")


def failed(checks):
    """Check -> what it found, of those that failed."""
    return {one.check: one.detail for one in checks if not one.passed}


def test_sound_pairs_pass(tmp_path):
    checks = check(tmp_path, SOUND)
    assert [one.check for one in checks] == CHECKS
    assert {(one.result, one.detail) for one in checks} == {("passed", "4 pairs in each of 2 runs")}
    assert {one.subject for one in checks} == {"SC-SAME-SPK-A paper"}


def test_drawn_pairs_pass(tmp_path):
    own = pd.Series({clip: SPEAKERS[clip] for clip in TESTED})
    drawn = draw_pairs(own, 6, 0, "test", "repeat 0 fold 0")
    pairs = [
        (f"{first}|{second}", "same" if same else "different")
        for first, second, same in drawn.itertuples(index=False)
    ]
    assert not failed(check(tmp_path, pairs))


def test_more_pairs_of_one_speaker_than_of_two_fail(tmp_path):
    found = failed(check(tmp_path, SOUND[:3]))
    assert list(found) == CHECKS[:1]
    assert found[CHECKS[0]] == (
        "repeat 0 fold 0: 2 of 3 pairs are of one speaker; "
        "repeat 1 fold 0: 2 of 3 pairs are of one speaker"
    )


def test_a_pair_fails_that_is_there_the_other_way_round(tmp_path):
    found = failed(check(tmp_path, [*SOUND[:3], ("b0|a0", "different")]))
    assert list(found) == CHECKS[1:2]
    assert "repeat 0 fold 0: 1 pairs are there already, the first is b0 and a0" in found[CHECKS[1]]


def test_a_pair_of_a_clip_with_itself_fails(tmp_path):
    found = failed(check(tmp_path, [("a0|a0", "same"), *SOUND[1:]]))
    assert list(found) == CHECKS[1:2]
    assert "1 pairs are of a clip with itself, the first is a0 and a0" in found[CHECKS[1]]


def test_pairs_of_clips_that_are_not_tested_fail(tmp_path):
    found = failed(check(tmp_path, [("t0|t1", "same"), *SOUND[1:]]))
    assert list(found) == CHECKS[2:3]
    assert found[CHECKS[2]].startswith(
        "repeat 0 fold 0: 2 clips are no test clips of the split, the first is t0"
    )
    # The second repeat is held against the only draw that the split has.
    assert "repeat 1 fold 0: 2 clips" in found[CHECKS[2]]


def test_targets_that_are_not_the_speakers_fail(tmp_path):
    found = failed(check(tmp_path, [("a0|a1", "different"), *SOUND[1:]]))
    assert list(found) == CHECKS[3:]
    assert found[CHECKS[3]].startswith(
        "repeat 0 fold 0: 1 targets are not what the speakers say, the first is a0 and a1"
    )


@pytest.mark.parametrize("absent", [{"b0": ""}, {}])
def test_clips_without_speaker_fail(tmp_path, absent):
    speakers = {clip: name for clip, name in SPEAKERS.items() if clip != "b0"} | absent
    found = failed(check(tmp_path, SOUND, speakers))
    assert list(found) == CHECKS[3:]
    assert found[CHECKS[3]].startswith("repeat 0 fold 0: 2 pairs have a clip without speaker")


def test_files_that_hold_no_pairs_are_refused(tmp_path):
    with pytest.raises(DataError, match="it holds no pairs; remove it and build it again"):
        check(tmp_path, [])
    with pytest.raises(
        DataError, match=r"2 of 8 clip_ids are not two clip_ids separated by `\|`, first 'a1'"
    ):
        check(tmp_path, [("a1", "same"), *SOUND[1:]])


def test_a_file_that_is_no_parquet_is_refused(tmp_path):
    path = tmp_path / "broken.parquet"
    path.write_text("nothing")
    message = (
        r"broken\.parquet: not a readable file of predictions .*; remove it and build it again"
    )
    with pytest.raises(DataError, match=message):
        check_verification([path], tmp_path / "d.tsv", "speaker", tmp_path / "r.tsv", "subject")
