"""The demo of a paper in stages: two corpora in one training, warm starts, fusions."""

import json

import pytest

from built_tables import built_table, paper_table

CONFIG = {"compute": {"device": "cpu"}}
CHANCE = {"scene": 100 / 15, "event": 100 / 10}
"""Percent: the twins hold all 15 scenes, and ten of the events."""


def test_single_classifiers_beat_chance(results):
    accuracies = paper_table(results, "mixup_mtl", "tableI").query("metric == 'accuracy_mean'")
    tasks = {"ASC": "scene", "AEC": "event"}
    for line in accuracies.itertuples():
        assert float(line.reproduced) > CHANCE[tasks[line.column]] + 5, line.row


def test_the_two_readings_of_the_fused_events_stand_beside_each_other(results):
    fused = paper_table(results, "mixup_mtl", "tableII").query("row == 'Our method'")
    by_variant = fused.set_index(["column", "variant"])["reproduced"].astype(float)
    assert by_variant["ASC", "paper"] == by_variant["ASC", "clean"]
    assert by_variant["AEC", "paper"] > by_variant["AEC", "clean"] + 10


def test_the_audit_counts_the_classifiers_that_were_trained_on_what_they_test(results):
    leaky = built_table(results, "fusions/mixup_mtl/MX-ENS24-E/paper/audit.tsv")
    pairs = leaky.assign(pairs=leaky["pairs"].astype(int)).groupby("role")["pairs"].sum()
    # 40 clips a division; the other three trained on them, but for the one that validated on them.
    assert pairs["test"] == 4 * 40 * 6
    assert pairs["train"] + pairs["validation"] == 4 * 40 * 18
    clean = built_table(results, "fusions/mixup_mtl/MX-ENS24-E/clean/audit.tsv")
    assert set(clean.loc[clean["role"] != "test", "pairs"]) == {"0"}
    checks = built_table(results, "checks.tsv").set_index(["check", "subject"])["result"]
    name = "fused classifiers trained on what they test"
    assert checks[name, "mixup_mtl, MX-ENS24-E paper"] == "allowed"
    assert checks[name, "mixup_mtl, MX-ENS24-E clean"] == "passed"
    assert checks[name, "mixup_mtl, MX-ENS24-S paper"] == "passed"


def test_fine_tuned_networks_start_from_the_run_of_the_same_repeat_and_fold(results):
    runs = results / "runs" / "mixup_mtl"
    records = json.loads((runs / "MX-FT-S/paper/part0/run.json").read_text(encoding="utf-8"))
    assert {record["warm_start"]["experiment"] for record in records} == {"MX-INT"}
    assert len({record["warm_start"]["weights"] for record in records}) == len(records) == 12
    assert all(record["parameters"]["frozen"] > 0 for record in records)


def test_a_mixture_is_trained_on_both_corpora(results):
    runs = json.loads(
        (results / "runs/mixup_mtl/MX-MTL/paper/part0/run.json").read_text(encoding="utf-8")
    )
    assert runs[0]["mixup"]["weight"] == 0.5
    assert [corpus["dataset"] for corpus in runs[0]["corpora"]] == ["tut2017-all", "esc50-all"]


def test_a_fusion_edited_in_yaml_trains_nothing(demo):
    fusions = {"MX-ENS24-*": {"pooling": "mean"}}
    config = CONFIG | {"overrides": {"papers": {"mixup_mtl": {"fusions": fusions}}}}
    plan = demo.run("all", "-n", config=config)
    assert plan.planned_wildcards("fuse", "fusion") == {"MX-ENS24-S", "MX-ENS24-E"}
    assert plan.planned_wildcards("score", "scored") == {"MX-ENS24-S", "MX-ENS24-E"}
    assert not {"train", "fit", "extract_features"} & plan.planned.keys()


def test_a_changed_experiment_trains_again_what_starts_from_it(demo):
    experiments = {"MX-INT-Q": {"training": {"epochs": 3}}}
    config = CONFIG | {"overrides": {"papers": {"mixup_mtl": {"experiments": experiments}}}}
    plan = demo.run("all", "-n", config=config)
    trained = plan.planned_wildcards("train", "experiment")
    assert trained == {"MX-INT-Q", "MX-FTQ-S", "MX-FTQ-E"}


@pytest.mark.parametrize("corpus", ["tut2017", "esc50"])
def test_twins_hold_what_they_promise(results, corpus):
    checks = built_table(results, "checks.tsv").query("check == 'clips as promised'")
    assert checks.set_index("subject")["result"][corpus] == "passed"
