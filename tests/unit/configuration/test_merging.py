import pytest

from retable.configuration.merging import (
    MergeFault,
    inherited,
    merged,
    nearest,
    overridden,
    swept,
)


def test_mappings_merge_and_everything_else_is_replaced():
    base = {"stem": {"filters": 32, "pool": 3}, "filters": [32, 64], "depth": 7}
    change = {"stem": {"filters": 8}, "filters": [8]}
    assert merged(base, change) == {
        "stem": {"filters": 8, "pool": 3},
        "filters": [8],
        "depth": 7,
    }
    assert base == {"stem": {"filters": 32, "pool": 3}, "filters": [32, 64], "depth": 7}


def test_null_removes_a_key_at_any_depth():
    base = {"training": "adam", "variants": {"paper": {}, "clean": {"split": "actor_folds"}}}
    change = {"training": None, "variants": {"clean": None}, "stem": {"pool": None}}
    assert merged(base, change) == {"variants": {"paper": {}}, "stem": {}}


def test_a_mapping_laid_over_a_name_inherits_from_it():
    base = {"model": "gresnet"}
    assert merged(base, {"model": {"depth": 3}}) == {"model": {"extends": "gresnet", "depth": 3}}
    assert merged(base, {"model": "svm"}) == {"model": "svm"}
    assert merged(base, {"model": {"extends": "svm", "c": 1.0}}) == {
        "model": {"extends": "svm", "c": 1.0}
    }


def test_the_nearest_name_is_suggested_and_without_one_all_are_listed():
    assert nearest("gresnt", ["svm", "gresnet"]) == "did you mean 'gresnet'?"
    assert nearest("transformer", ["svm", "gresnet"]) == "known: gresnet, svm"


EXPERIMENTS = {
    "GR-G-M": {"model": "gresnet", "training": "adam"},
    "GR-RES-M": {"extends": "GR-G-M", "model": "resnet"},
    "AB-1": {"model": "svm"},
}


def test_overrides_reach_every_entry_that_their_pattern_matches():
    changed = overridden(EXPERIMENTS, {"GR-*": {"repeats": 2}, "AB-1": {"repeats": 3}}, "where")
    assert {name: entry["repeats"] for name, entry in changed.items()} == {
        "GR-G-M": 2,
        "GR-RES-M": 2,
        "AB-1": 3,
    }
    assert "repeats" not in EXPERIMENTS["GR-G-M"]


def test_later_overrides_lie_over_earlier_ones():
    changed = overridden(EXPERIMENTS, {"*": {"repeats": 2}, "GR-G-M": {"repeats": 5}}, "where")
    assert [entry["repeats"] for entry in changed.values()] == [5, 2, 2]


def test_null_overrides_remove_an_entry():
    assert [*overridden(EXPERIMENTS, {"GR-*": None}, "where")] == ["AB-1"]


def test_what_an_override_removes_does_not_come_back_by_inheritance():
    parent = {"variants": {"paper": {}, "clean": {"split": "actor_folds"}}, "training": "adam"}
    child = {"extends": "parent", "variants": {"clean": None}}
    changed = overridden(
        {"parent": parent, "child": child},
        {"child": {"variants": {"clean": None}, "training": None}},
        "where",
    )
    assert inherited(changed, "child", "experiments") == {"variants": {"paper": {}}}


def test_a_pattern_that_matches_nothing_is_a_fault():
    with pytest.raises(MergeFault, match=r"overrides\.GR-X-M: .* did you mean 'GR-G-M'\?"):
        overridden(EXPERIMENTS, {"GR-X-M": {"repeats": 2}}, "overrides")
    with pytest.raises(MergeFault, match=r"overrides\.VG-\*: no such entry; known: AB-1, GR-"):
        overridden(EXPERIMENTS, {"VG-*": {"repeats": 2}}, "overrides")


def test_what_extends_an_entry_is_a_new_one_and_later_patterns_match_it():
    changed = overridden(
        EXPERIMENTS,
        {
            "MY-{depth}": {"extends": "GR-G-M", "sweep": {"depth": [2, 3]}, "depth": "{depth}"},
            "MY-3": {"repeats": 5},
        },
        "overrides",
    )
    assert changed["MY-2"] == {"extends": "GR-G-M", "depth": 2}
    assert changed["MY-3"] == {"extends": "GR-G-M", "depth": 3, "repeats": 5}
    assert {name: changed[name] for name in EXPERIMENTS} == EXPERIMENTS


def test_an_entry_inherits_through_any_number_of_ancestors():
    section = {
        "base": {"kind": "gresnet", "depth": 7, "stem": {"filters": 32, "pool": 3}},
        "shallow": {"extends": "base", "depth": 3},
        "narrow": {"extends": "shallow", "stem": {"filters": 8, "pool": None}},
    }
    assert inherited(section, "narrow", "models") == {
        "kind": "gresnet",
        "depth": 3,
        "stem": {"filters": 8},
    }


def test_a_circle_is_a_fault_that_names_it():
    section = {"a": {"extends": "b"}, "b": {"extends": "c"}, "c": {"extends": "a"}}
    with pytest.raises(MergeFault, match=r"extends itself through a -> b -> c -> a"):
        inherited(section, "a", "models")


@pytest.mark.parametrize(
    ("parent", "message"),
    [
        ("gresnt", r"models\.shallow: extends 'gresnt'; did you mean 'gresnet'\?"),
        (3, r"models\.shallow: extends 3; known: gresnet"),
        (["gresnet"], r"models\.shallow: extends \['gresnet'\]; "),
    ],
)
def test_a_parent_that_does_not_exist_is_a_fault(parent, message):
    with pytest.raises(MergeFault, match=message):
        inherited({"gresnet": {"depth": 7}, "shallow": {"extends": parent}}, "shallow", "models")


def test_a_sweep_of_lists_gives_their_product():
    section = {
        "GR-{f1}-{depth}": {
            "sweep": {"f1": ["tanh", "relu"], "depth": [3, 5]},
            "title": "{depth} blocks of {f1}",
            "model": {"f1": "{f1}", "depth": "{depth}", "filters": ["{depth}", 8]},
        },
        "GR-SVM": {"title": "untouched {depth}"},
    }
    experiments = swept(section, "experiments")
    assert [*experiments] == ["GR-tanh-3", "GR-tanh-5", "GR-relu-3", "GR-relu-5", "GR-SVM"]
    assert experiments["GR-relu-5"] == {
        "title": "5 blocks of relu",
        "model": {"f1": "relu", "depth": 5, "filters": [5, 8]},
    }
    assert experiments["GR-SVM"] == {"title": "untouched {depth}"}


def test_a_sweep_of_combinations_gives_these_alone():
    section = {
        "GR-ACT-{f1}-{f2}": {
            "sweep": [{"f1": "tanh", "f2": "tanh"}, {"f1": "sigmoid", "f2": "relu"}],
            "model": {"f1": "{f1}", "f2": "{f2}"},
        }
    }
    assert swept(section, "experiments") == {
        "GR-ACT-tanh-tanh": {"model": {"f1": "tanh", "f2": "tanh"}},
        "GR-ACT-sigmoid-relu": {"model": {"f1": "sigmoid", "f2": "relu"}},
    }


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"GR-L": {"sweep": {"depth": [3, 5]}}}, r"experiments\.GR-L: gives 'GR-L' twice"),
        (
            {"GR-L3": {}, "GR-L{depth}": {"sweep": {"depth": [3]}}},
            r"experiments\.GR-L\{depth\}: gives 'GR-L3' twice",
        ),
        ({"GR-L{depth}": {"sweep": {"depth": 3}}}, r"sweep: \{'depth': 3\}: expected lists"),
        ({"GR-L{depth}": {"sweep": [3, 5]}}, r"sweep: \[3, 5\]: expected lists"),
    ],
)
def test_a_sweep_that_cannot_be_meant_is_a_fault(section, message):
    with pytest.raises(MergeFault, match=message):
        swept(section, "experiments")
