"""Experiments that train on clips of other datasets too, and fusions of clean runs."""

import pytest

from plans import edited_plan, part_texts, plan_of

PAPER, NAME = "gresnets", "GR-MIX"
SPLIT = {
    "kind": "kfold", "folds": 5, "seed": 1, "stratify": "emotion",
    "extra": [{"dataset": "savee-all", "clips": 8}, {"dataset": "tess-all"}],
}  # fmt: skip


def add_mix(paper):
    """A network on dogs of RAVDESS, eight clips of SAVEE and all of TESS."""
    paper["splits"]["mix"] = SPLIT
    paper["experiments"][NAME] = {
        "extends": "GR-G-M", "title": "Mix", "tasks": ["emotion"], "split": "mix", "repeats": 1,
        "variants": {"paper": {}},
    }  # fmt: skip


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mix")
    return edited_plan(folder, PAPER, add_mix, papers=[PAPER])


def test_datasets_features_and_corpora_are_those_of_the_extra_clips_too(plan):
    mix = plan.experiment(PAPER, NAME, "paper")
    assert mix.datasets == ("ravdess-dogs", "savee-all", "tess-all")
    assert {"ravdess-dogs", "savee-all", "tess-all"} <= set(plan.datasets())
    feature = mix.inputs[0].feature_name
    assert {(feature, dataset) for dataset in mix.datasets} <= set(plan.features())
    assert {"ravdess", "savee", "tess"} <= set(plan.corpora)
    # A feature is extracted of the datasets that are trained on alone.
    assert ("logmel_statistics", "savee-all") not in plan.features()


def test_a_split_is_of_its_own_dataset_and_then_of_the_extra_ones(plan):
    datasets = plan.split_datasets(PAPER, "ravdess-dogs", "mix")
    assert datasets == ["ravdess-dogs", "savee-all", "tess-all"]
    assert plan.split_datasets(PAPER, "ravdess-dogs", "random_folds") == ["ravdess-dogs"]


def test_a_job_predicts_the_classes_of_the_dataset_that_is_split(plan):
    part = plan.part(plan.experiment(PAPER, NAME, "paper"), "0")
    assert part.classes == {"emotion": plan.classes("ravdess-dogs")["emotion"]}
    assert len(part.classes["emotion"]) == 8 > len(plan.classes("savee-all")["emotion"])


def test_other_experiments_do_not_depend_on_it(plan):
    texts = {key: text for key, text in part_texts(plan).items() if key[1] != NAME}
    assert texts == part_texts(plan_of(papers=[PAPER]))


def test_a_result_is_as_comparable_as_the_audio_of_its_extra_clips(tmp_path):
    savee = tmp_path / "savee" / "AudioData" / "DC"
    savee.mkdir(parents=True)
    (savee / "a01.wav").touch()
    corpora = {"savee": {"source": str(savee.parents[1]), "partial": True}}
    plan = edited_plan(tmp_path, PAPER, add_mix, papers=[PAPER], scale="paper", corpora=corpora)
    assert plan.comparability(PAPER, [NAME]) == "partial"
    assert plan.comparability(PAPER, ["GR-G-M"]) == "comparable"


def test_whoever_trains_on_extra_clips_that_are_missing_is_left_out(tmp_path):
    """SAVEE is given out on request: the paper scale downloads it of nobody."""
    plan = edited_plan(
        tmp_path, PAPER, add_mix, papers=[PAPER], scale="paper",
        keep_going_without_data=True, corpora={"savee": {"source": None}},
    )  # fmt: skip
    assert set(plan.missing[PAPER]) == {NAME}
    assert "savee" in plan.missing[PAPER][NAME]
    assert (PAPER, NAME, "paper") not in plan.experiments
    assert "savee-all" not in plan.datasets()
    assert (PAPER, "GR-G-M", "paper") in plan.experiments


def test_a_fusion_of_clean_runs_names_their_variant(tmp_path):
    def edit(paper):
        paper["fusions"] = {
            "GR-ALL": {
                "title": "All folds", "task": "emotion", "members": ["GR-G-M"], "folds": "apart",
                "variants": {"paper": {}, "clean": {"members_variant": "clean"}},
            }
        }  # fmt: skip

    plan = edited_plan(tmp_path, PAPER, edit, papers=[PAPER])
    variants = {name: plan.fusions[PAPER, "GR-ALL", name] for name in ("paper", "clean")}
    assert {name: one.members_variant for name, one in variants.items()} == {
        "paper": "paper",
        "clean": "clean",
    }
    assert "members_variant" not in variants["paper"].canonical()
    behind = plan.experiments_behind(PAPER, "GR-ALL")
    assert {spec.variant for spec in behind} == {"paper", "clean"}
