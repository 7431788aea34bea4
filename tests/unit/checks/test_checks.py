import dataclasses
import json

import pandas as pd
import pytest

from retable.checks.check import Check, write_checks
from retable.checks.results import check_metrics, check_tables_complete
from retable.checks.splits import check_fold_sizes, check_leakage
from retable.errors import CheckError, DataError
from retable.evaluation.predictions import write_predictions
from retable.evaluation.scoring import score_experiment
from retable.tsv import read_tsv, write_tsv
from sample_results import published_file, sample_predictions, write_sample_scores


def write_audit(path, **shared):
    """An audit of two folds; `shared` is unit=(count, allowed) in the second fold."""
    rows = []
    for unit in ("clip", "group", "speaker"):
        count, allowed = shared.get(unit, (0, False))
        rows += [(0, 0, unit, "test-train", 0, allowed), (0, 1, unit, "test-train", count, allowed)]
    columns = ["repeat", "fold", "unit", "roles", "shared", "allowed"]
    write_tsv(pd.DataFrame(rows, columns=columns), path)
    return path


@pytest.mark.parametrize(
    ("shared", "result"),
    [
        ({}, "passed"),
        ({"speaker": (24, True)}, "allowed"),
        ({"speaker": (24, False)}, "failed"),
    ],
)
def test_shared_speakers_need_to_be_allowed(tmp_path, shared, result):
    checks = check_leakage(write_audit(tmp_path / "audit.tsv", **shared), "gresnets, random")
    by_name = {check.check: check for check in checks}
    assert by_name["leakage of speakers"].result == result
    assert by_name["leakage of groups"].result == "passed"
    if shared:
        assert "shared in 1 of 2 comparisons, at most 24" in by_name["leakage of speakers"].detail


def test_a_shared_clip_fails_even_if_allowed(tmp_path):
    checks = check_leakage(write_audit(tmp_path / "audit.tsv", clip=(1, True)), "random")
    assert {check.check: check.result for check in checks}["leakage of clips"] == "failed"


def write_split(path, sizes, equal=True):
    entries = [
        {"repeat": 0, "fold": fold, "role": role, "clips": clips}
        for fold, roles in enumerate(sizes)
        for role, clips in roles.items()
    ]
    path.write_text(json.dumps({"folds": len(sizes), "equal": equal, "sizes": entries}))
    return path


def test_equal_folds_pass(tmp_path):
    split = write_split(tmp_path / "split.json", [{"train": 264, "test": 66}] * 5)
    check = check_fold_sizes(split, "gresnets, random")
    assert check.result == "passed"
    assert check.detail == "5 folds of 66 test clips"


def test_unequal_folds_fail_only_where_equal_ones_are_declared(tmp_path):
    sizes = [{"train": 264, "test": 66}, {"train": 263, "test": 67}]
    declared = check_fold_sizes(write_split(tmp_path / "a.json", sizes), "random")
    assert declared.result == "failed"
    assert "66 to 67 clips, but are declared equal" in declared.detail
    assert check_fold_sizes(write_split(tmp_path / "b.json", sizes, False), "actors").passed


def test_a_fold_without_training_clips_fails(tmp_path):
    sizes = [{"train": 264, "test": 66}, {"test": 66}]
    check = check_fold_sizes(write_split(tmp_path / "split.json", sizes), "random")
    assert check.detail == "repeat 0 fold 1 has no train clips"
    assert not check.passed


def test_metrics_agree_with_their_confusions(tmp_path):
    scores, confusion = write_sample_scores(tmp_path, "GR-G-M", seed=5)
    check = check_metrics(scores, confusion, "gresnets, GR-G-M")
    assert check.result == "passed"
    assert check.detail == "72 values agree to 1e-9"


def test_metrics_of_validation_and_test_clips_are_recomputed_apart(tmp_path):
    test = sample_predictions(1, folds=1)
    validation = sample_predictions(2, folds=1).table.assign(role="validation")
    both = dataclasses.replace(test, table=pd.concat([test.table, validation]))
    write_predictions(tmp_path / "p.parquet", both)
    files = (tmp_path / "scores.tsv", tmp_path / "confusion.tsv")
    score_experiment({"paper": [tmp_path / "p.parquet"]}, {"paper": "mean"}, *files)
    check = check_metrics(*files, "x")
    assert (check.result, check.detail) == ("passed", "24 values agree to 1e-9")
    swapped = read_tsv(files[0], ())
    names = {"validation": "test", "test": "validation"}
    write_tsv(swapped.assign(role=swapped["role"].map(names)), files[0])
    assert not check_metrics(*files, "x").passed


def test_a_changed_score_is_found(tmp_path):
    scores, confusion = write_sample_scores(tmp_path, "GR-G-M", seed=5)
    table = read_tsv(scores, ())
    row = table.index[(table["fold"] == "pooled") & (table["metric"] == "uar")][0]
    table.loc[row, "value"] = str(float(table.loc[row, "value"]) + 1e-6)
    write_tsv(table, scores)
    check = check_metrics(scores, confusion, "gresnets, GR-G-M")
    assert not check.passed
    assert "pooled / emotion / uar" in check.detail


def write_long_form(path, drop=0):
    """A long form of gresnets' Table 1, complete but for `drop` rows at its end."""
    printed = pd.read_csv(published_file("gresnets"), dtype=str, keep_default_na=False)
    table = printed[printed["table"] == "1"].rename(columns={"value": "published"})
    table = table.assign(variant="paper", reproduced="50.00", verdict="below")
    table.loc[table["kind"] == "cited", ["reproduced", "verdict"]] = ["", "cited"]
    write_tsv(table.iloc[: len(table) - drop], path)
    return path


def test_every_printed_table_is_built_or_removed_by_overrides(tmp_path):
    path = write_long_form(tmp_path / "table1.tsv")
    removed = ("2", "3", "4", "5", "6", "7")
    checks = check_tables_complete(published_file("gresnets"), {"1": [path]}, removed)
    by_table = {check.subject.removeprefix("gresnets, table "): check for check in checks}
    assert {table: check.result for table, check in by_table.items()} == {
        "1": "passed", **dict.fromkeys(removed, "allowed"), "text": "failed",
    }  # fmt: skip
    assert by_table["7"].detail == "36 printed numbers; overrides remove the table"
    assert by_table["text"].detail.startswith(
        "27 printed numbers; the table is not built; describe"
    )
    assert by_table["text"].detail.endswith("papers/gresnets/paper.yaml")


@pytest.mark.parametrize(
    ("drop", "change", "detail"),
    [
        (1, {}, "GResNet+M / emotion / UAR has 0 counterparts"),
        (0, {"reproduced": ""}, "SVM+S / emotion / Acc has no reproduced value"),
        (0, {"published": "1.0"}, "SVM+S / emotion / Acc is printed as 1.0, not 48.01"),
    ],
)
def test_an_incomplete_table_fails(tmp_path, drop, change, detail):
    path = write_long_form(tmp_path / "table1.tsv", drop=drop)
    write_tsv(read_tsv(path, ()).assign(**change), path)
    check = check_tables_complete(published_file("gresnets"), {"1": [path]})[0]
    assert not check.passed
    assert detail in check.detail


def test_checks_are_written_before_a_failure_is_raised(tmp_path):
    checks = [
        Check("fold sizes", "random", True, "5 folds"),
        Check("leakage of speakers", "random", True, "24 shared", allowed=True),
        Check("leakage of clips", "random", False, "1 shared"),
    ]
    path = tmp_path / "checks.tsv"
    with pytest.raises(CheckError, match="1 of 3 checks failed\n  - leakage of clips, random"):
        write_checks(checks, path)
    table = read_tsv(path, ("check", "subject", "result", "detail"))
    assert table["result"].tolist() == ["passed", "allowed", "failed"]
    write_checks(checks[:2], path)
    assert len(read_tsv(path, ())) == 2


def test_an_audit_without_clips_is_refused(tmp_path):
    columns = ["repeat", "fold", "unit", "roles", "shared", "allowed"]
    write_tsv(pd.DataFrame([], columns=columns), tmp_path / "audit.tsv")
    with pytest.raises(DataError, match="audits no clips"):
        check_leakage(tmp_path / "audit.tsv", "x")
