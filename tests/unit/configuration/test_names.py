"""Names of a paper's entries, which name files."""

import pytest

PAPER = "papers/waves/paper.yaml"
TABLE = {
    "title": "Nets",
    "rows": {"Net": {"experiment": "NET"}},
    "columns": {"test": {"task": "emotion"}},
    "metrics": {"Acc": {"metric": "accuracy"}},
}
FIGURE = {
    "kind": "learning_curves", "title": "Curves", "caption": "", "experiments": ["NET"],
    "task": "emotion",
}  # fmt: skip
FUSED = {"title": "All folds", "task": "emotion", "members": ["NET"], "folds": "together"}
VERIFIED = {
    "title": "One voice or two", "experiment": "NET", "task": "emotion", "pairs": 100, "seed": 1,
    "decision": "same_class",
}  # fmt: skip
ENTRIES = {
    "experiments": {"extends": "NET"}, "fusions": FUSED, "verifications": VERIFIED,
    "tables": TABLE, "figures": FIGURE,
}  # fmt: skip


@pytest.mark.parametrize("section", ENTRIES)
@pytest.mark.parametrize("name", ["2a", "III", "NET-1.5_x+y"])
def test_names_of_letters_digits_and_some_signs_are_good(edit, read, section, name):
    edit(PAPER, **{section: {name: ENTRIES[section]}})
    assert name in getattr(read().papers["waves"], section)


@pytest.mark.parametrize("section", ENTRIES)
@pytest.mark.parametrize("name", ["2/a", "two words", "..", "-x", "é", ""])
def test_a_name_that_is_no_file_name_is_a_fault(edit, faults, section, name):
    edit(PAPER, **{section: {name: ENTRIES[section]}})
    assert faults() == [
        f"papers.waves.{section}.{name}: {name!r} cannot name files; use letters from a to z, "
        "digits, and after the first of them _ . + -"
    ]


def test_features_and_splits_have_files_too(edit, faults):
    folds = {"kind": "kfold", "folds": 3, "seed": 1}
    edit(PAPER, splits={"three folds": folds})
    assert faults() == [
        "papers.waves.splits.three folds: 'three folds' cannot name files; use letters from a to "
        "z, digits, and after the first of them _ . + -"
    ]
