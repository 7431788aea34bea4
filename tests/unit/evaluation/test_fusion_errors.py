"""What cannot be fused, and what the message says to do about it."""

import pytest
from sample_members import fusion, whole_clips, write_member

from retable.errors import DataError
from retable.evaluation.fusion import write_fusion

TARGETS = {"one": "bus", "two": "park"}
BUS = [1, 0, 0]


def fuse(folder, spec, members):
    names = ("fused.parquet", "audit.tsv", "sizes.tsv", "fusion.json")
    write_fusion(spec, members, *(folder / name for name in names))


def test_folds_with_different_test_clips_are_not_fused_together(tmp_path):
    runs = {(0, 0): {"one": BUS}, (0, 1): {"two": BUS}}
    members = {"A": write_member(tmp_path / "a.parquet", whole_clips(runs, TARGETS))}
    with pytest.raises(
        DataError,
        match=r"A repeat 0 fold 0 is tested on 1 clips and A repeat 0 fold 1 on 1, of which 0 are "
        r"the same.*fuse `folds: apart`; or declare `other_roles: true`",
    ):
        fuse(tmp_path, fusion("A"), members)


def test_members_with_different_splits_are_not_fused(tmp_path):
    members = {
        "A": write_member(tmp_path / "a.parquet", whole_clips({(0, 0): {"one": BUS}}, TARGETS)),
        "B": write_member(tmp_path / "b.parquet", whole_clips({(0, 0): {"two": BUS}}, TARGETS)),
    }
    with pytest.raises(DataError, match="fuse experiments with one split, the same in every"):
        fuse(tmp_path, fusion("A", "B", folds="apart"), members)


def test_other_roles_need_predictions_of_training_clips(tmp_path):
    runs = {(0, 0): {"one": BUS}, (0, 1): {"two": BUS}}
    members = {"A": write_member(tmp_path / "a.parquet", whole_clips(runs, TARGETS))}
    with pytest.raises(
        DataError,
        match=r"A repeat 0 fold 1 has no scores of 1 segments .* the first is clip one segment 0 "
        r"channel mono.*set `predict_train: true` for experiment A",
    ):
        fuse(tmp_path, fusion("A", other_roles=True), members)


def test_a_classifier_that_misses_a_segment_is_named(tmp_path):
    whole = [(0, 0, "test", "one", segment, "left", "bus", BUS) for segment in range(3)]
    members = {
        "A": write_member(tmp_path / "a.parquet", whole),
        "B": write_member(tmp_path / "b.parquet", whole[:2]),
    }
    with pytest.raises(
        DataError,
        match=r"MX-ENS: B repeat 0 fold 0 has no scores of 1 segments that others have, the first "
        r"is clip one segment 2 channel left",
    ):
        fuse(tmp_path, fusion("A", "B"), members)


def test_a_run_that_lacks_a_channel_of_its_experiment_is_named(tmp_path):
    rows = [
        (0, 0, "test", "one", 0, "left", "bus", BUS),
        (0, 0, "test", "one", 0, "side", "bus", BUS),
        (0, 1, "test", "one", 0, "left", "bus", BUS),
    ]
    members = {"A": write_member(tmp_path / "a.parquet", rows)}
    with pytest.raises(DataError, match=r"A repeat 0 fold 1 has no scores .* channel side"):
        fuse(tmp_path, fusion("A"), members)


def test_other_classes_are_refused(tmp_path):
    rows = whole_clips({(0, 0): {"one": BUS}}, TARGETS)
    members = {
        "A": write_member(tmp_path / "a.parquet", rows),
        "B": write_member(tmp_path / "b.parquet", rows, classes=("bus", "tram", "park")),
    }
    with pytest.raises(
        DataError, match=r"classes of experiment B \(bus, tram, park\) differ from those of A"
    ):
        fuse(tmp_path, fusion("A", "B"), members)


def test_a_member_without_the_task_is_refused(tmp_path):
    rows = whole_clips({(0, 0): {"one": BUS}}, TARGETS)
    members = {
        "A": write_member(tmp_path / "a.parquet", rows),
        "B": write_member(tmp_path / "b.parquet", rows, task="event"),
    }
    with pytest.raises(
        DataError, match=r"experiment B has no predictions of task scene \(it has event\)"
    ):
        fuse(tmp_path, fusion("A", "B"), members)


def test_members_with_other_folds_or_missing_runs_are_refused(tmp_path):
    both = {(0, 0): {"one": BUS}, (0, 1): {"one": BUS}}
    missing = {**both, (1, 0): {"one": BUS}}
    members = {
        "A": write_member(tmp_path / "a.parquet", whole_clips(both, TARGETS)),
        "B": write_member(tmp_path / "b.parquet", whole_clips({(0, 0): both[0, 0]}, TARGETS)),
        "C": write_member(tmp_path / "c.parquet", whole_clips(missing, TARGETS)),
    }
    with pytest.raises(DataError, match=r"experiment B has the folds \[0\] and A has \[0, 1\]"):
        fuse(tmp_path, fusion("A", "B"), members)
    with pytest.raises(DataError, match="experiment C has no predictions of repeat 1 fold 1"):
        fuse(tmp_path, fusion("A", "C"), members)


def test_members_that_disagree_on_a_target_are_refused(tmp_path):
    runs = {(0, 0): {"one": BUS}}
    members = {
        "A": write_member(tmp_path / "a.parquet", whole_clips(runs, {"one": "bus"})),
        "B": write_member(tmp_path / "b.parquet", whole_clips(runs, {"one": "park"})),
    }
    with pytest.raises(DataError, match="clip one: it has the targets bus, park"):
        fuse(tmp_path, fusion("A", "B"), members)


def test_a_clip_in_two_roles_of_a_run_is_refused(tmp_path):
    rows = [
        (0, 0, "test", "one", 0, "mono", "bus", BUS),
        (0, 0, "train", "one", 0, "mono", "bus", BUS),
    ]
    members = {"A": write_member(tmp_path / "a.parquet", rows)}
    with pytest.raises(DataError, match="A repeat 0 fold 0: clip one plays two roles"):
        fuse(tmp_path, fusion("A", other_roles=True), members)


def test_members_without_test_clips_are_refused(tmp_path):
    rows = [(0, 0, "validation", "one", 0, "mono", "bus", BUS)]
    members = {"A": write_member(tmp_path / "a.parquet", rows)}
    with pytest.raises(DataError, match=r"a\.parquet: no predictions of the role test"):
        fuse(tmp_path, fusion("A"), members)
