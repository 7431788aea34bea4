"""What figures of scores ask of the experiments, fusions and verifications that they name."""

import pytest

PAPER = "papers/waves/paper.yaml"
FUSED = {"title": "All folds", "task": "emotion", "members": ["NET"], "folds": "together"}
SAME = {
    "title": "Same speaker or not", "experiment": "NET", "task": "emotion", "decision": "cosine",
    "pairs": 100, "seed": 1,
}  # fmt: skip
RUNS = {"kind": "metric_by_run", "title": "Run by run", "caption": ""}
CURVES = {"kind": "roc", "title": "By the cosine", "caption": ""}


@pytest.fixture
def scored(edit):
    """The network NET of the task emotion, a fusion ALL of it, and a verification SAME by it."""
    edit(PAPER, experiments={"NET": {"embed": True}})
    edit(PAPER, fusions={"ALL": FUSED}, verifications={"SAME": SAME})


def test_a_figure_of_runs_is_of_all_that_is_scored_in_its_task(scored, read, edit):
    emotion = RUNS | {"task": "emotion", "experiments": ["NET", "ALL"]}
    speaker = RUNS | {"task": "same_speaker", "experiments": ["SAME"]}
    edit(PAPER, figures={"emotion": emotion, "speaker": speaker})
    figures = read().papers["waves"].figures
    assert {name: figure.draws for name, figure in figures.items()} == {
        "emotion": "scores",
        "speaker": "scores",
    }


@pytest.mark.parametrize(
    ("name", "task", "fault"),
    [
        ("NET", "emotions", "NET has no task 'emotions'; did you mean 'emotion'?"),
        ("NET", "same_speaker", "NET has no task 'same_speaker'; known: emotion"),
        ("ALL", "speech_song", "ALL has no task 'speech_song'; known: emotion"),
        ("SAME", "emotion", "SAME has no task 'emotion'; known: same_speaker"),
    ],
)
def test_what_has_no_such_task_has_no_runs_to_show(scored, faults, edit, name, task, fault):
    edit(PAPER, figures={"runs": RUNS | {"task": task, "experiments": [name]}})
    assert faults() == [f"papers.waves.figures.runs.task: {fault}"]


def test_curves_of_errors_are_those_of_verifications(scored, read, edit, faults):
    edit(PAPER, figures={"roc": CURVES | {"experiments": ["SAME"]}})
    assert read().papers["waves"].figures["roc"].draws == "verified_runs"
    edit(PAPER, figures={"roc": {"experiments": ["SAME", "ALL", "NET"]}})
    assert faults() == [
        "papers.waves.figures.roc.experiments: 'ALL' is no verification; known: SAME",
        "papers.waves.figures.roc.experiments: 'NET' is no verification; known: SAME",
    ]


@pytest.mark.parametrize("figure", [CURVES, RUNS | {"task": "emotion"}])
def test_a_name_that_nothing_has_is_told_once(scored, faults, edit, figure):
    edit(PAPER, figures={"one": figure | {"experiments": ["SAMME"]}})
    assert faults() == ["papers.waves.figures.one: no experiment 'SAMME'; did you mean 'SAME'?"]
