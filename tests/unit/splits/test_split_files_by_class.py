"""The files of splits by class: shares and stratified folds."""

import json
from pathlib import Path

import pandas as pd
import pytest

from retable.checks.splits import check_fold_sizes, check_leakage
from retable.spec.split import KFold, Shares
from retable.splits.files import write_split
from retable.splits.roles import read_roles

ABSENT = Path("absent.tsv")
"""Of folds that are drawn nobody asks which clips were rejected."""


@pytest.fixture
def podcasts(tmp_path):
    """A table of 30 Australian and 20 British clips, two of a podcast, and of no known speaker."""
    table = pd.DataFrame(
        {
            "clip_id": [f"{'AU' if clip < 30 else 'UK'}-{clip:02d}" for clip in range(50)],
            "speaker": "",
            "group": [f"podcast{clip // 2:02d}" for clip in range(50)],
            "accent": ["AU"] * 30 + ["UK"] * 20,
        }
    )
    table.to_csv(tmp_path / "dataset.tsv", sep="\t", index=False)
    return tmp_path / "dataset.tsv"


def shares(**fields) -> Shares:
    given = {"train": 0.6, "validation": 0.1, "test": 0.3}
    return Shares.model_validate(
        {"kind": "shares", "shares": given, "stratify": "accent", "seed": 1, **fields}
    )


@pytest.mark.parametrize("group", [None, "group"])
def test_shares_are_written_audited_and_counted_by_class(podcasts, group):
    files = [podcasts.parent / name for name in ("roles.tsv", "audit.tsv", "split.json")]
    write_split([podcasts], ABSENT, shares(repeats=2, group=group, allowed_leaks=["group"]), *files)

    read = read_roles(files[0])
    assert read.keys() == {(0, 0), (1, 0)}
    assert read[0, 0] != read[1, 0]
    facts = json.loads(files[2].read_text())
    assert (facts["folds"], facts["repeats"], facts["equal"]) == (1, 2, False)
    counts = facts["counts"]
    assert list(counts) == ["train", "validation", "test", "all"]
    assert counts["all"] == {"AU": 30, "UK": 20, "all": 50}
    if group is None:
        assert counts["train"] == {"AU": 18, "UK": 12, "all": 30}
        assert counts["validation"] == {"AU": 3, "UK": 2, "all": 5}
        assert counts["test"] == {"AU": 9, "UK": 6, "all": 15}

    # Speakers are unknown, and nobody stands on two sides; podcasts do unless they are kept apart.
    audit = pd.read_csv(files[1], sep="\t")
    shared = audit.groupby("unit")["shared"].sum()
    assert (shared["clip"], shared["speaker"]) == (0, 0)
    assert (shared["group"] == 0) == (group == "group")
    assert all(check.passed for check in check_leakage(files[1], "remixed"))


def test_shares_of_one_draw_pass_the_check_of_fold_sizes(podcasts):
    files = [podcasts.parent / name for name in ("roles.tsv", "audit.tsv", "split.json")]
    write_split([podcasts], ABSENT, shares(), *files)
    check = check_fold_sizes(files[2], "remixed")
    assert check.passed
    assert check.detail == "1 fold of 15 test clips"


def test_a_role_without_clips_fails_the_check_of_fold_sizes(podcasts):
    facts = podcasts.parent / "split.json"
    write_split(
        [podcasts],
        ABSENT,
        shares(),
        podcasts.parent / "roles.tsv",
        podcasts.parent / "audit",
        facts,
    )
    content = json.loads(facts.read_text())
    content["sizes"][2] |= {"repeat": 1}
    facts.write_text(json.dumps(content))
    check = check_fold_sizes(facts, "remixed")
    assert not check.passed
    assert "repeat 0 fold 0 has no validation clips" in check.detail
    assert "repeat 1 fold 0 has no test clips" in check.detail


def test_stratified_folds_are_counted_by_class(podcasts):
    files = [podcasts.parent / name for name in ("roles.tsv", "audit.tsv", "split.json")]
    write_split([podcasts], ABSENT, KFold(kind="kfold", folds=5, seed=5, stratify="accent"), *files)
    assert json.loads(files[2].read_text())["counts"] == {
        "train": {"AU": 24, "UK": 16, "all": 40},
        "test": {"AU": 6, "UK": 4, "all": 10},
        "all": {"AU": 30, "UK": 20, "all": 50},
    }
