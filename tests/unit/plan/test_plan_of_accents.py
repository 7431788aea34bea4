"""Accents: speakers of VCTK, and UT-Podcast, a corpus that is given out on request."""

import pytest

from plans import plan_of


def test_gresnets_trains_on_vctk_over_ten_folds_and_over_six_of_other_speakers():
    plan = plan_of(scale="paper")
    tasks = {"GR-V-SPK": ("speaker",), "GR-V-ACC": ("accent",), "GR-V-M": ("speaker", "accent")}
    for name, its_tasks in tasks.items():
        experiment = plan.experiment("gresnets", name, "paper")
        assert experiment.tasks == its_tasks and len(plan.runs(experiment)) == 10
    classes = plan.part(experiment, "0").classes
    assert len(classes["speaker"]) == 37 and len(classes["accent"]) == 6
    unseen = plan.experiment("gresnets", "GR-V-ACC", "clean")
    assert unseen.inputs[0].split.group == "speaker" and len(plan.runs(unseen)) == 6


def test_cabcnn_trains_nine_networks_eight_times_on_one_split():
    plan = plan_of(scale="paper")
    experiments = {
        (name, variant): spec
        for (paper, name, variant), spec in plan.experiments.items()
        if paper == "cabcnn"
    }
    assert sum(len(plan.runs(spec)) for (_, v), spec in experiments.items() if v == "paper") == 72
    assert {name for name, variant in experiments if variant == "clean"} == {"CA-CAB-30", "CA-VGG"}
    headline = experiments["CA-CAB-30", "paper"]
    assert {run.draw for run in plan.runs(headline)} == {0}
    assert len({run.seed for run in plan.runs(headline)}) == 8
    training = headline.training
    assert (training.batch_size, training.patience, training.monitor) == (128, 15, "loss")
    assert (training.batching, training.optimizer) == ("shortest", "adam")
    sgd = experiments["CA-ALX", "paper"].training
    assert (sgd.learning_rate, sgd.momentum, sgd.weight_decay, sgd.batch_size) == (
        0.001, 0.9, 1e-8, 48,
    )  # fmt: skip
    clean = experiments["CA-CAB-30", "clean"]
    assert clean.training.batching == "masked" and clean.inputs[0].split.group == "group"


@pytest.fixture(scope="module")
def without_podcasts():
    """A plan with upstream's corpora, and no source of the one that must be asked for."""
    return plan_of(scale="quick", keep_going_without_data=True, corpora={"utpodcast": {}})


def test_what_needs_a_missing_corpus_is_not_built(without_podcasts):
    assert "cabcnn" in without_podcasts.papers
    assert "cabcnn" not in {paper for paper, _, _ in without_podcasts.experiments}
    assert "cabcnn" not in {paper for paper, _ in without_podcasts.scored}
    assert list(without_podcasts.figures("cabcnn")) == []
    assert "utpodcast" not in without_podcasts.corpora
    assert set(without_podcasts.papers) - {"cabcnn"} == {
        paper for paper, _, _ in without_podcasts.experiments
    }


def test_what_is_missing_says_how_to_come_by_it(without_podcasts):
    missing = without_podcasts.missing["cabcnn"]
    assert set(missing) == {
        "CA-ALX", "CA-ATT", "CA-CAB-5", "CA-CAB-10", "CA-CAB-30", "CA-CAB-60", "CA-GRN", "CA-R18",
        "CA-VGG",
    }  # fmt: skip
    for steps in missing.values():
        assert "Center for Robust Speech Systems" in steps
        assert "set corpora.utpodcast.source in config.yaml" in steps
    assert without_podcasts.missing["gresnets"] == {}


def test_a_corpus_with_a_source_is_not_missing():
    plan = plan_of(scale="quick", keep_going_without_data=True)
    assert plan.missing["cabcnn"] == {} and "utpodcast" in plan.corpora
    assert plan.figures("cabcnn")
