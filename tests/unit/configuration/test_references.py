"""Experiments that refer to others: warm starts, fusions, and two inputs in one training."""

import pytest

CLIPS = {"feature": "stft", "split": "folds"}
JOINT = {
    "title": "Two corpora at once",
    "inputs": {
        "first": {"dataset": "ravdess-dogs", "tasks": ["emotion"], **CLIPS},
        "second": {"dataset": "ravdess-dogs_both", "tasks": ["speech_song"], **CLIPS},
    },
    "model": "small",
    "training": {"extends": "adam", "mixup": {"weight": 0.5, "redraw": "epoch"}},
}
TUNED = {"extends": "NET", "title": "Tuned", "warm_start": {"experiment": "NET"}}
FUSED = {"title": "All folds", "task": "emotion", "members": ["NET"], "folds": "together"}


def test_an_experiment_may_have_two_inputs(edit, read):
    edit("papers/waves/paper.yaml", experiments={"JOINT": JOINT})
    joint = read().papers["waves"].experiments["JOINT"]["paper"]
    assert joint.datasets == ("ravdess-dogs", "ravdess-dogs_both")
    assert joint.tasks == ("emotion", "speech_song")
    assert joint.training.mixup.weight == 0.5
    assert joint.run_folds == (0, 1, 2, 3, 4)


def test_an_entry_changes_one_input_of_the_one_that_it_extends(edit, read):
    other = {"extends": "JOINT", "inputs": {"first": {"split": "actor_folds"}}}
    edit("papers/waves/paper.yaml", experiments={"JOINT": JOINT, "OTHER": other})
    inputs = read().papers["waves"].experiments["OTHER"]["paper"].inputs
    assert [one.split_name for one in inputs] == ["actor_folds", "folds"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"training": "adam"}, "inputs: 2 of them need a training with mixup, which joins two"),
        (
            {"inputs": {"second": {"tasks": ["emotion"]}}},
            "inputs: a task is there twice among emotion, emotion",
        ),
        (
            {"inputs": {"second": {"dataset": "ravdess-cats"}}},
            "inputs.second.dataset: no dataset 'ravdess-cats'; did you mean 'ravdess-dogs'?",
        ),
    ],
)
def test_what_two_inputs_ask_of_each_other(edit, faults, change, fault):
    edit("papers/waves/paper.yaml", experiments={"JOINT": JOINT})
    edit("papers/waves/paper.yaml", experiments={"JOINT": change})
    assert faults() == [f"papers.waves.experiments.JOINT.{fault}"]


BRANCHED = {
    "kind": "branched_vgg", "form": "branched", "widths": [8, 8, 8], "head": 8, "dropout": 0.5,
    "batch_norm": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            {"model": "svm", "training": None, "standardise": "band"},
            "inputs: a baseline is fitted to one, with standardise: none",
        ),
        (
            {"training": {"extends": "adam", "task_weights": {"emotoin": 2.0}}},
            "training.task_weights: no task 'emotoin'; did you mean 'emotion'?",
        ),
        (
            {"model": {"extends": "branched", "alpha": {"emotion": 0.7}}},
            "model: alpha names emotion, the branches are emotion; expected the same two tasks",
        ),
    ],
)
def test_what_the_parts_of_an_experiment_ask_of_each_other(edit, faults, change, fault):
    edit("papers/waves/paper.yaml", models={"branched": BRANCHED})
    edit("papers/waves/paper.yaml", experiments={"OTHER": {"extends": "NET", **change}})
    assert faults() == [f"papers.waves.experiments.OTHER.{fault}"]


def test_mixup_needs_a_second_input(edit, faults):
    edit("papers/waves/paper.yaml", experiments={"NET": {"training": JOINT["training"]}})
    assert faults() == [
        "papers.waves.experiments.NET.inputs: mixup joins two of them, and there is 1"
    ]


def test_a_warm_start_names_an_experiment_with_the_same_runs(edit, read):
    edit("papers/waves/paper.yaml", experiments={"TUNED": TUNED})
    tuned = read().papers["waves"].experiments["TUNED"]["paper"]
    assert tuned.warm_start.experiment == "NET"


@pytest.mark.parametrize(
    ("experiments", "fault"),
    [
        (
            {"TUNED": TUNED | {"warm_start": {"experiment": "NETT"}}},
            "TUNED.warm_start: no experiment 'NETT'; did you mean 'NET'?",
        ),
        (
            {"TUNED": TUNED | {"repeats": 3}},
            "TUNED.warm_start: 3 repeats start from NET, which has 1; set its repeats to as many",
        ),
        (
            {"NET": {"folds": [0, 1]}, "TUNED": TUNED | {"folds": [1, 2]}},
            "TUNED.warm_start: fold 2 starts from NET, which runs the folds 0, 1",
        ),
        (
            {"TUNED": TUNED | {"warm_start": {"experiment": "TUNED"}}},
            "TUNED.warm_start: TUNED starts from itself through TUNED",
        ),
    ],
)
def test_a_warm_start_without_its_run_is_a_fault(edit, faults, experiments, fault):
    edit("papers/waves/paper.yaml", experiments=experiments)
    assert faults() == [f"papers.waves.experiments.{fault}"]


def test_a_fusion_has_variants_like_an_experiment(edit, read):
    variants = {"paper": {"title": "Leaky"}, "clean": {"folds": "apart"}}
    edit("papers/waves/paper.yaml", fusions={"ALL": FUSED | {"variants": variants}})
    fusions = read().papers["waves"].fusions["ALL"]
    assert {name: (f.title, f.folds) for name, f in fusions.items()} == {
        "paper": ("Leaky", "together"),
        "clean": ("All folds", "apart"),
    }


@pytest.mark.parametrize(
    ("fusions", "fault"),
    [
        ({"ALL": FUSED | {"members": ["NT"]}}, "ALL.members: no experiment 'NT'; did you mean"),
        (
            {"ALL": FUSED | {"task": "speech_song"}},
            "ALL.members: NET has no task 'speech_song'; it has emotion",
        ),
        (
            {"ALL": FUSED | {"other_roles": True}},
            "ALL.members: other_roles looks at training clips, which NET does not predict",
        ),
        ({"NET": FUSED}, "NET: an experiment has this name too; rename one"),
        (
            {"ALL": FUSED | {"variants": {"clean": {"members_variant": "clean"}}}},
            "ALL.members: NET has no variant 'clean'; it has paper",
        ),
        ({"ALL": FUSED | {"fold": "apart"}}, "ALL.fold: unknown key; did you mean 'folds'?"),
    ],
)
def test_what_a_fusion_asks_of_its_members(edit, faults, fusions, fault):
    edit("papers/waves/paper.yaml", fusions=fusions)
    (found,) = faults()
    assert found.startswith(f"papers.waves.fusions.{fault}")


def test_a_clean_fusion_may_fuse_the_clean_runs_of_its_members(edit, read):
    both = {"variants": {"paper": {}, "clean": {"split": "actor_folds"}}}
    variants = {"paper": {}, "clean": {"members_variant": "clean"}}
    edit("papers/waves/paper.yaml", experiments={"NET": both})
    edit("papers/waves/paper.yaml", fusions={"ALL": FUSED | {"variants": variants}})
    fusions = read().papers["waves"].fusions["ALL"]
    assert {name: f.members_variant for name, f in fusions.items()} == {
        "paper": "paper",
        "clean": "clean",
    }


def test_a_fusion_in_variant_paper_cannot_need_clean_runs(edit, faults):
    both = {"variants": {"paper": {}, "clean": {"split": "actor_folds"}}}
    edit("papers/waves/paper.yaml", experiments={"NET": both})
    edit("papers/waves/paper.yaml", fusions={"ALL": FUSED | {"members_variant": "clean"}})
    assert faults() == [
        "papers.waves.fusions.ALL.members_variant: variant paper is built where clean is left out, "
        "so that it cannot fuse clean runs; set it in the fusion's variants.clean"
    ]


def test_a_figure_of_fused_classifiers_names_fusions(edit, faults):
    figure = {
        "kind": "accuracy_by_fused", "title": "Fused", "caption": "", "experiments": ["NET"],
    }  # fmt: skip
    edit("papers/waves/paper.yaml", fusions={"ALL": FUSED}, figures={"fused": figure})
    assert faults() == ["papers.waves.figures.fused.experiments: 'NET' is no fusion; known: ALL"]
