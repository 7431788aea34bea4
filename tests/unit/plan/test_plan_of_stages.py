"""Experiments that start from others, several inputs, and fusions."""

from collections import Counter

import pytest

from plans import edited_plan, part_texts, plan_of


@pytest.fixture(scope="module")
def plan():
    return plan_of(scale="paper")


def of_paper(plan):
    return {name: e for (paper, name, _), e in plan.experiments.items() if paper == "mixup_mtl"}


def test_every_model_is_trained_on_four_folds_three_times(plan):
    runs = {name: len(plan.runs(experiment)) for name, experiment in of_paper(plan).items()}
    sweep = {name: count for name, count in runs.items() if name.startswith("MX-ALPHA")}
    assert sum(runs.values()) - sum(sweep.values()) == 156
    assert set(sweep.values()) == {4} and len(sweep) == 5
    assert Counter(runs.values()) == {12: 13, 4: 5}


def test_epochs_are_those_of_section_III_B(plan):
    epochs = {name: e.training.epochs for name, e in of_paper(plan).items()}
    assert (epochs["MX-BASE-S"], epochs["MX-BASE-E"]) == (200, 500)
    assert (epochs["MX-FT-S"], epochs["MX-FT-E"]) == (100, 500)
    assert (epochs["MX-DIR-S"], epochs["MX-TRF-S"], epochs["MX-TRF-E"]) == (200, 100, 500)


def test_a_job_names_the_tasks_of_each_input_and_the_classes_of_all(plan):
    part = plan.part(plan.experiment("mixup_mtl", "MX-INT", "paper"), "0")
    assert part.tasks == (("scene",), ("event",))
    assert {task: len(names) for task, names in part.classes.items()} == {"scene": 15, "event": 50}
    assert part.training.mixup.weight == 0.5


def test_a_part_starts_from_the_parts_with_its_runs(plan):
    tuned = plan.experiment("mixup_mtl", "MX-FT-S", "paper")
    source, parts = plan.warm_start_parts(tuned, "5")
    assert source.experiment == "MX-INT"
    (run,) = plan.part(tuned, "5").runs
    assert parts == ["5"] and (run.repeat, run.fold) == (1, 1)
    demo = plan_of()
    tuned = demo.experiment("mixup_mtl", "MX-FT-S", "paper")
    assert demo.warm_start_parts(tuned, "0")[1] == ["0"]


def test_transfers_start_from_the_other_corpus(plan):
    for name, source in {"MX-TRF-S": "MX-DIR-E", "MX-TRF-E": "MX-DIR-S"}.items():
        transferred = plan.experiment("mixup_mtl", name, "paper")
        assert plan.warm_start_parts(transferred, "0")[0].experiment == source
        assert transferred.training.frozen == ("shared.*", "branches.*")


def test_what_others_wait_for_is_trained_first(plan):
    waiting = {name: plan.stages_after("mixup_mtl", name) for name in of_paper(plan)}
    assert waiting["MX-INT"] == waiting["MX-INT-Q"] == 2  # fine-tuning, then fusion
    assert waiting["MX-FT-S"] == waiting["MX-DIR-E"] == 1
    assert waiting["MX-BASE-S"] == waiting["MX-TRF-S"] == 0


def test_a_fusion_in_yaml_trains_nothing(tmp_path, plan):
    def edit(paper):
        paper["fusions"]["MX-ENS24-S"]["pooling"] = "mean"

    edited = edited_plan(tmp_path, "mixup_mtl", edit, scale="paper")
    assert part_texts(edited) == part_texts(plan)
    assert edited.poolings("mixup_mtl", "MX-ENS24-S") == {"paper": "mean", "clean": "mean"}


def test_a_result_is_as_comparable_as_all_that_it_was_trained_on(tmp_path):
    (tmp_path / "TUT-acoustic-scenes-2017-development" / "audio").mkdir(parents=True)
    (tmp_path / "TUT-acoustic-scenes-2017-development" / "audio" / "a001_0_10.wav").touch()
    corpora = {"tut2017": {"source": str(tmp_path), "partial": True}}
    plan = plan_of(scale="paper", corpora=corpora)
    assert plan.comparability("mixup_mtl", ["MX-BASE-E"]) == "comparable"
    assert plan.comparability("mixup_mtl", ["MX-BASE-S"]) == "partial"
    # Events alone, but from layers that were trained on scenes too.
    assert plan.comparability("mixup_mtl", ["MX-FT-E"]) == "partial"
    assert plan.comparability("mixup_mtl", ["MX-ENS24-E"]) == "partial"
    assert plan.comparability("mixup_mtl", ["MX-DIR-E", "MX-BASE-E"]) == "comparable"
