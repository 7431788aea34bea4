"""Checks of predictions and of fusions."""

import numpy as np
import pandas as pd
import pytest

from retable.checks.fusions import check_fusion
from retable.checks.predictions import check_predictions
from retable.errors import DataError
from retable.evaluation.predictions import write_predictions
from retable.tsv import write_tsv
from sample_results import CLASSES, sample_predictions


def write_roles(path, roles, repeats=1, folds=1):
    """The same roles in every repeat and fold of a split, from role -> clips."""
    rows = [
        (repeat, fold, clip, role)
        for repeat in range(repeats)
        for fold in range(folds)
        for role, clips in roles.items()
        for clip in clips
    ]
    write_tsv(pd.DataFrame(rows, columns=["repeat", "fold", "clip_id", "role"]), path)
    return path


def write_segments(path, clips, task="scene", repeats=1):
    """Predictions of one fold from role -> clip -> [(segment, channel), ...]."""
    rows = [
        (repeat, 0, role, task, clip, segment, channel, "bus", np.float32([0.5, 0.5]))
        for repeat in range(repeats)
        for role, segments_of in clips.items()
        for clip, segments in segments_of.items()
        for segment, channel in segments
    ]
    columns = [
        "repeat", "fold", "role", "task", "clip_id", "segment", "channel", "target", "scores",
    ]  # fmt: skip
    pd.DataFrame(rows, columns=columns).to_parquet(path)
    return path


ONE = [(0, "mono")]


def outcomes(checks):
    return {check.check: check.result for check in checks}


def test_sound_predictions_pass(tmp_path):
    predictions = sample_predictions(1, folds=1)
    write_predictions(tmp_path / "p.parquet", predictions)
    clips = sorted(set(predictions.table["clip_id"]))
    split = write_roles(tmp_path / "roles.tsv", {"test": clips, "train": ["other"]})
    checks = check_predictions([tmp_path / "p.parquet"], "GR-G-M", dict.fromkeys(CLASSES, split))
    assert [check.result for check in checks] == ["passed"] * 3
    assert [check.detail for check in checks] == [
        "132 rows",
        "132 clips of 2 tasks and runs, 1 segments each",
        "2 sets of clips",
    ]


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda scores: scores * 2, "132 rows do not sum to 1, the first to 2"),
        (lambda scores: scores * np.nan, "132 rows hold a score that is not finite"),
        (lambda scores: 1 / len(scores) + (scores - scores[::-1]) * 9, "hold a score below 0"),
    ],
)
def test_scores_that_are_no_probabilities_fail(tmp_path, change, detail):
    table = sample_predictions(1, folds=1).table
    table["scores"] = [change(scores) for scores in table["scores"]]
    table.to_parquet(tmp_path / "p.parquet")
    check = check_predictions([tmp_path / "p.parquet"], "x")[0]
    assert detail in check.detail
    assert not check.passed


def test_a_second_prediction_fails(tmp_path):
    path = write_segments(tmp_path / "p.parquet", {"test": {"one": ONE, "two": ONE}})
    check = check_predictions([path] * 2, "x")[1]
    assert check.detail == "2 rows are a second prediction of the same clip, task and run"
    assert not check.passed


def test_tasks_on_different_clips_are_each_held_against_their_own_split(tmp_path):
    """Two inputs that mixup joins: scenes and events have different clips and segments."""
    stereo = [(segment, channel) for segment in range(2) for channel in ("left", "right")]
    paths = [
        write_segments(tmp_path / "s.parquet", {"test": {"tut": stereo}}, "scene"),
        write_segments(tmp_path / "e.parquet", {"test": {"esc": ONE}}, "event"),
    ]
    splits = {
        "scene": write_roles(tmp_path / "tut.tsv", {"test": ["tut"]}),
        "event": write_roles(tmp_path / "esc.tsv", {"test": ["esc"]}),
    }
    checks = check_predictions(paths, "MX-MTL", splits)
    assert [check.result for check in checks] == ["passed"] * 3
    assert checks[1].detail == "2 clips of 2 tasks and runs, 1 or 4 segments each"


@pytest.mark.parametrize(
    ("found", "detail"),
    [
        (
            {"validation": {"b": ONE}, "test": {"d": ONE}},
            "repeat 0 fold 0 test: task scene misses 1 clips of the split and has 0 others",
        ),
        (
            {"validation": {"b": ONE}, "test": {"c": ONE, "d": ONE, "a": ONE}},
            "repeat 0 fold 0 test: task scene misses 0 clips of the split and has 1 others",
        ),
        (
            {"test": {"c": ONE, "d": ONE}},
            "repeat 0 fold 0 validation: task scene misses 1 clips of the split and has 0 others",
        ),
        (
            {"train": {"b": ONE}, "validation": {"b": ONE}, "test": {"c": ONE, "d": ONE}},
            "repeat 0 fold 0 train: task scene misses 1 clips of the split and has 1 others",
        ),
    ],
)
def test_clips_that_are_not_those_of_the_split_fail(tmp_path, found, detail):
    roles = {"train": ["a"], "validation": ["b"], "test": ["c", "d"]}
    split = write_roles(tmp_path / "roles.tsv", roles)
    path = write_segments(tmp_path / "p.parquet", found)
    check = check_predictions([path], "x", {"scene": split})[2]
    assert (check.check, check.result) == ("clips as in the split", "failed")
    assert check.detail == detail


def test_training_clips_are_all_predicted_or_none(tmp_path):
    split = write_roles(tmp_path / "roles.tsv", {"train": ["a", "b"], "test": ["c"]})
    none = write_segments(tmp_path / "none.parquet", {"test": {"c": ONE}})
    every = {"train": {"a": ONE, "b": ONE}, "test": {"c": ONE}}
    all_of_them = write_segments(tmp_path / "all.parquet", every)
    for path in (none, all_of_them):
        checks = check_predictions([path], "x", {"scene": split})
        assert outcomes(checks)["clips as in the split"] == "passed"


def test_a_task_without_predictions_and_an_unknown_one_fail(tmp_path):
    split = write_roles(tmp_path / "roles.tsv", {"test": ["c"]})
    path = write_segments(tmp_path / "p.parquet", {"test": {"c": ONE}}, "event")
    check = check_predictions([path], "x", {"scene": split})[2]
    assert check.detail == (
        "task event is predicted, which is none of the experiment's; "
        "repeat 0 fold 0 test: task scene misses 1 clips of the split and has 0 others"
    )


def test_repeats_start_again_with_the_draws_of_a_split(tmp_path):
    split = write_roles(tmp_path / "roles.tsv", {"test": ["c"]}, repeats=2)
    path = write_segments(tmp_path / "p.parquet", {"test": {"c": ONE}}, repeats=3)
    check = check_predictions([path], "x", {"scene": split})[2]
    assert (check.result, check.detail) == ("passed", "3 sets of clips")


def test_a_clip_with_fewer_segments_fails(tmp_path):
    whole = [(0, "left"), (0, "right"), (1, "left"), (1, "right")]
    path = write_segments(tmp_path / "p.parquet", {"test": {"one": whole, "two": whole[:3]}})
    check = check_predictions([path], "x")[1]
    assert not check.passed
    assert check.detail == "repeat 0 fold 0: clips have 3 to 4 of the 4 segments of task scene"


def write_fusion_audit(path, train, validation, test):
    rows = [
        (0, 0, role, pairs, pairs, 0.0)
        for role, pairs in (("train", train), ("validation", validation), ("test", test))
    ]
    columns = ["repeat", "fold", "role", "clips", "pairs", "share"]
    write_tsv(pd.DataFrame(rows, columns=columns), path)
    return path


@pytest.mark.parametrize(
    ("pairs", "other_roles", "result", "detail"),
    [
        ((0, 0, 2400), False, "passed", "none of 2400 scores"),
        ((0, 0, 2400), True, "passed", "none of 2400 scores"),
        (
            (4800, 2400, 2400), True, "allowed",
            "7200 of 9600 scores are by classifiers that trained or validated on the clip "
            "(train 4800, validation 2400); the fusion declares it",
        ),
        (
            (0, 2400, 7200), False, "failed",
            "2400 of 9600 scores are by classifiers that trained or validated on the clip "
            "(validation 2400); fuse `folds: apart`",
        ),
    ],
)  # fmt: skip
def test_classifiers_that_saw_a_clip_need_to_be_declared(
    tmp_path, pairs, other_roles, result, detail
):
    audit = write_fusion_audit(tmp_path / "audit.tsv", *pairs)
    check = check_fusion(audit, other_roles, "mixup_mtl, MX-ENS-E paper")
    assert check.check == "fused classifiers trained on what they test"
    assert (check.result, check.detail) == (result, detail)


def test_an_empty_audit_is_refused(tmp_path):
    with pytest.raises(DataError, match="it audits no scores"):
        check_fusion(write_fusion_audit(tmp_path / "audit.tsv", 0, 0, 0), False, "x")
