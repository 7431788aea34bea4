"""What there is to build, and what makes a job run again."""

import hashlib
import shutil

import pytest

from imports import loaded_by
from plans import edited_plan, part_texts, plan_of
from repository import REPOSITORY, WORKFLOW
from retable.plan.experiments import run_seed


@pytest.fixture
def edited(tmp_path):
    """Plans a copy of the workflow after `edit` has changed the content of gresnets' paper.yaml."""
    return lambda edit, **changes: edited_plan(tmp_path, "gresnets", edit, **changes)


@pytest.fixture
def whole_copy(tmp_path):
    """A folder for `edited_plan` that has the page's template too."""
    shutil.copytree(WORKFLOW / "retable" / "page", tmp_path / "workflow" / "retable" / "page")
    return tmp_path


@pytest.mark.parametrize("scale", ["demo", "quick", "paper"])
def test_every_scale_plans_every_job_and_the_code_behind_it(scale):
    plan = plan_of(scale=scale)
    assert plan.project.scale.scale == scale
    assert plan.network_names() and plan.baseline_names()
    for experiment in plan.experiments.values():
        runs = [run for part in plan.parts(experiment) for run in plan.part(experiment, part).runs]
        assert runs == plan.runs(experiment)
        script = "train.py" if experiment.training else "fit.py"
        assert plan.model_code(script, experiment)
    for feature, dataset in plan.features():
        assert plan.feature_code("extract_features.py", feature)
        assert plan.shards(dataset)
    for paper, one in plan.inputs:
        assert plan.dataset(one.dataset)
        assert plan.split(paper, one.split_name) == one.split
    for paper, spec in plan.papers.items():
        assert {plan.figure_code("figure.py", paper, figure) for figure in spec.figures}
    for script in sorted((WORKFLOW / "scripts").glob("*.py")):
        assert plan.code(script.name)


def test_gresnets_trains_24_networks_on_five_folds_each_and_one_that_the_paper_lacks():
    plan = plan_of(scale="paper")
    experiments = {
        name: spec
        for (paper, name, variant), spec in plan.experiments.items()
        if (paper, variant) == ("gresnets", "paper") and spec.datasets == ("ravdess-dogs",)
    }
    networks = {name: spec for name, spec in experiments.items() if spec.training}
    assert {len(plan.runs(spec)) for spec in experiments.values()} == {5}
    assert {len(plan.parts(spec)) for spec in experiments.values()} == {5}
    assert len(networks) == 24 + 1 and len(experiments) == len(networks) + 2
    assert {spec.training.epochs for spec in networks.values()} == {100}
    assert sorted(
        spec.model.depth for spec in networks.values() if spec.model.f2 == "4sigmoid-2"
    ) == [3, 4, 5, 6, 7, 7, 8, 9]  # Fig. 11, and Table 4 with kernels 3x3
    headline = networks["GR-G-M"]
    assert (headline.model.kernel1, headline.model.kernel2, headline.model.depth) == (1, 3, 7)
    assert headline.inputs[0].split.equal and headline.inputs[0].split.group is None
    clean = plan.experiment("gresnets", "GR-G-M", "clean")
    assert clean.inputs[0].split.group == "speaker"


def test_an_experiment_may_run_some_of_its_folds(edited):
    def edit(paper):
        paper["experiments"]["GR-CNN-M"] |= {"folds": [4, 2], "repeats": 2}

    plan = edited(edit, scale="paper")
    runs = plan.runs(plan.experiment("gresnets", "GR-CNN-M", "paper"))
    assert [(run.repeat, run.fold) for run in runs] == [(0, 4), (0, 2), (1, 4), (1, 2)]
    whole = plan_of(scale="paper")
    all_runs = whole.runs(whole.experiment("gresnets", "GR-CNN-M", "paper"))
    assert runs[:2] == [all_runs[4], all_runs[2]]


def test_only_the_chosen_variants_are_built():
    both, paper_alone = plan_of(), plan_of(variants=["paper"])
    assert list(both.scored["gresnets", "GR-G-M"]) == ["paper", "clean"]
    assert list(paper_alone.scored["gresnets", "GR-G-M"]) == ["paper"]
    assert {variant for _, _, variant in paper_alone.experiments} == {"paper"}


def test_the_seed_of_a_run_is_the_start_of_a_hash_over_its_name():
    experiment = plan_of().experiment("gresnets", "GR-G-M", "clean")
    digest = hashlib.sha256(b"gresnets/GR-G-M/clean/2/3").hexdigest()
    seed = run_seed(experiment, repeat=2, fold=3)
    assert seed == int(digest[:16], 16) // 2
    assert 0 <= seed < 2**63


def test_every_run_has_a_seed_of_its_own():
    plan = plan_of(scale="paper")
    seeds = [run.seed for spec in plan.experiments.values() for run in plan.runs(spec)]
    assert len(set(seeds)) == len(seeds) > 20


def test_repeats_go_round_the_draws_of_the_split():
    splits = {"random_folds": {"folds": 2, "repeats": 2}}
    overrides = {
        "papers": {"gresnets": {"experiments": {"GR-G-M": {"repeats": 3}}, "splits": splits}}
    }
    plan = plan_of(overrides=overrides)
    runs = plan.runs(plan.experiment("gresnets", "GR-G-M", "paper"))
    assert [(run.repeat, run.fold, run.draw) for run in runs] == [
        (0, 0, 0), (0, 1, 0), (1, 0, 1), (1, 1, 1), (2, 0, 0), (2, 1, 0),
    ]  # fmt: skip
    assert len({run.seed for run in runs}) == 6


@pytest.mark.parametrize(
    ("runs_per_part", "sizes"), [(1, [1, 1, 1, 1, 1]), (2, [2, 2, 1]), (5, [5]), (100, [5])]
)
def test_parts_are_cut_by_runs_per_part(runs_per_part, sizes):
    overrides = {"papers": {"gresnets": {"experiments": {"*": {"runs_per_part": runs_per_part}}}}}
    plan = plan_of(scale="paper", overrides=overrides)
    experiment = plan.experiment("gresnets", "GR-G-M", "paper")
    parts = [plan.part(experiment, part) for part in plan.parts(experiment)]
    assert [len(part.runs) for part in parts] == sizes
    assert [run for part in parts for run in part.runs] == plan.runs(experiment)


def test_a_part_knows_its_classes_in_the_order_of_the_corpus():
    plan = plan_of()
    part = plan.part(plan.experiment("gresnets", "GR-G-M", "paper"), "0")
    assert part.classes["speech_song"] == ("speech", "song")
    assert len(part.classes["emotion"]) == 8


def test_an_edited_title_trains_nothing_again(edited):
    def edit(paper):
        for experiment in paper["experiments"].values():
            experiment["title"] = f"{experiment['title']}, renamed"
        paper["tables"]["2"]["title"] = "Another title"

    renamed = edited(edit)
    assert renamed.experiment("gresnets", "GR-G-M", "paper").title.endswith(", renamed")
    assert part_texts(renamed) == part_texts(plan_of())


def test_a_new_experiment_trains_only_itself(edited):
    def edit(paper):
        paper["models"]["shallow"] = {"extends": "gresnet", "depth": 3}
        paper["experiments"] = {
            "AA-FIRST": {"extends": "GR-G-M", "title": "Shallow", "model": "shallow"},
            **paper["experiments"],
        }

    before, after = part_texts(plan_of()), part_texts(edited(edit))
    new = {key for key in after if key[1] == "AA-FIRST"}
    assert new and after.keys() == before.keys() | new
    assert {key: after[key] for key in before} == before


def test_an_edited_training_trains_what_uses_it(edited):
    def edit(paper):
        paper["trainings"]["adam"]["learning_rate"] = 0.002

    # The demo gives some experiments a learning rate of their own.
    before, after = part_texts(plan_of(scale="quick")), part_texts(edited(edit, scale="quick"))
    changed = {key[1] for key in before if before[key] != after[key]}
    networks = {key[1] for key in before if key[0] == "gresnets"} - {"GR-SVM-M", "GR-SVM-S"}
    assert changed == networks


def test_an_edited_model_trains_what_uses_it(edited):
    def edit(paper):
        paper["experiments"]["GR-RES-M"]["model"]["f1"] = "tanh"

    before, after = part_texts(plan_of()), part_texts(edited(edit))
    changed = {key[1] for key in before if before[key] != after[key]}
    assert changed == {"GR-RES-M", "GR-RES-S"}


def test_the_compute_section_trains_nothing_again():
    compute = {"device": "cpu", "checkpoint_minutes": 9, "epoch_delay_s": 1}
    assert part_texts(plan_of(compute=compute)) == part_texts(plan_of())


def test_a_published_value_changes_the_text_of_its_table_alone(edited):
    plan = edited(lambda paper: None)
    before = {table: plan.published_text("gresnets", table) for table in ("1", "2", "text")}
    path = plan.workflow / "papers" / "gresnets" / "published.csv"
    text = path.read_text(encoding="utf-8")
    line = "gresnets,2,SVM+M,emotion,Acc,54.63,%,result,"
    assert line in text
    path.write_text(text.replace(line, line.replace("54.63", "54.64")), encoding="utf-8")
    changed = [
        table for table, content in before.items()
        if plan.published_text("gresnets", table) != content
    ]  # fmt: skip
    assert changed == ["2"]


def test_only_whole_upstream_audio_is_comparable_with_the_paper(tmp_path):
    speech = tmp_path / "Audio_Speech_Actors_01-24" / "Actor_01"
    speech.mkdir(parents=True)
    (speech / "03-01-01-01-01-01-01.wav").write_bytes(b"")
    slice_of_it = {"source": str(tmp_path), "partial": True}
    sources = {
        "simulated": {"source": "simulated"},
        "comparable": {"source": "upstream"},
        "partial": slice_of_it,
    }
    for expected, source in sources.items():
        plan = plan_of(corpora={"ravdess": source})
        assert plan.comparability("gresnets", ["GR-G-M"]) == expected
        assert plan.promise("ravdess").simulated == (expected == "simulated")
        assert plan.promise("ravdess").partial == (expected == "partial")


def test_an_analogue_is_never_comparable_and_simulated_audio_is_known_as_such(whole_copy):
    why = "The paper's own clips are not public."

    def edit(paper):
        paper["analogue"] = why

    upstream = edited_plan(whole_copy, "gresnets", edit, scale="paper")
    assert upstream.comparability("gresnets", ["GR-G-M"]) == "analogue"
    assert upstream.text_comparability("gresnets") == "analogue"
    assert upstream.comparability("cabcnn", ["CA-CAB-30"]) == "comparable"
    demo = edited_plan(whole_copy, "gresnets", edit)
    assert demo.comparability("gresnets", ["GR-G-M"]) == "simulated analogue"
    assert demo.table_note("gresnets", "2") == f"{demo.scale_note('gresnets')}. {why}"
    assert demo.text_note("gresnets") == why
    assert why in demo.page_text()


def test_tables_of_settings_and_counts_have_no_note_on_results(tmp_path):
    plan = edited_plan(tmp_path, "cabcnn", lambda paper: paper.update(analogue="Other clips."))
    scale = plan.scale_note("cabcnn")
    assert plan.table_note("cabcnn", "1") == plan.table_note("cabcnn", "2") == scale
    assert plan.table_note("cabcnn", "3") == f"{scale}. Other clips."


def test_notes_name_the_networks_that_lack_the_weights_they_ask_for(whole_copy):
    def edit(paper):
        paper["models"]["alexnet"] |= {"weights": "imagenet"}
        paper["models"]["resnet18"] |= {"weights": "imagenet"}

    def planned(source):
        # The demo has no weights and smaller networks; here it has those that weights are for.
        weights = {"imagenet": {"source": source}}
        small = {"papers": {"cabcnn": {"models": {"alexnet": {"hidden": None}}}}}
        return edited_plan(whole_copy, "cabcnn", edit, weights=weights, overrides=small)

    without = planned("none")
    note = "From scratch, without ImageNet weights: alexnet, resnet18."
    assert without.weights_note("cabcnn", without.papers["cabcnn"].experiments) == note
    assert without.table_note("cabcnn", "3").endswith(f". {note}")
    assert without.table_note("cabcnn", "1") == without.scale_note("cabcnn")
    assert note in without.page_text()
    upstream = planned("upstream")
    assert upstream.table_note("cabcnn", "3") == upstream.scale_note("cabcnn")
    assert plan_of().text_note("cabcnn") == ""


def test_means_over_clips_decide_whether_a_text_is_comparable(tmp_path):
    def edit(paper):
        mean = {"source": "dataset", "experiment": "MX-BASE-E", "key": "duration_s",
                "reduce": "mean"}  # fmt: skip
        # None of the text's results is of ESC-50.
        paper["text"] = [{"row": "a", "column": "b", "metric": "c", "setting": mean}]

    sources = {"esc50": {"source": "simulated"}}
    plan = edited_plan(tmp_path, "mixup_mtl", edit, scale="paper", corpora=sources)
    assert plan.text_experiments("mixup_mtl") == []
    assert plan.text_comparability("mixup_mtl") == "simulated"


def test_planning_imports_neither_torch_nor_pandas():
    code = (
        "import yaml\n"
        "from pathlib import Path\n"
        "from retable.plan.plan import Plan\n"
        f"config = yaml.safe_load(Path({str(REPOSITORY / 'config.yaml')!r}).read_text())\n"
        f"plan = Plan.of(config, Path({str(WORKFLOW)!r}))\n"
        "for experiment in plan.experiments.values():\n"
        "    for part in plan.parts(experiment):\n"
        "        plan.part(experiment, part).canonical()\n"
        "    plan.model_code('train.py' if experiment.training else 'fit.py', experiment)\n"
    )
    heavy = {"torch", "pandas", "numpy", "sklearn", "librosa", "snakemake"}
    assert not loaded_by(code) & heavy


def test_what_experiments_are_compared_by_is_read_from_their_specs(edited):
    def edit(paper):
        paper["experiments"]["L{depth}"] = {
            "extends": "GR-G-M",
            "sweep": {"depth": [9, 3]},
            "model": {"depth": "{depth}"},
            "variants": {"clean": {"model": {"depth": 4}}},
        }
        compared = {"experiments": ["L9", "L3", "GR-G-M"], "parameter": "model.depth"}
        paper["figures"] = {
            "curves": {"kind": "learning_curves", "title": "", "caption": "", "task": "emotion",
                       "experiments": ["GR-G-M", "GR-CNN-M"]},
            "blocks": {"kind": "metric_by_parameter", "title": "", "caption": "",
                       "tasks": ["emotion"], "parameter_title": "blocks", **compared},
            "clean": {"kind": "metric_by_parameter", "title": "", "caption": "", "variant": "clean",
                      "tasks": ["emotion"], "parameter_title": "rate", "experiments": ["L9"],
                      "parameter": "training.learning_rate"},
        }  # fmt: skip
        cell = {"task": "emotion", "metric": "accuracy"}
        paper["text"] = [
            {"row": "figure 11", "column": "best l", "metric": "l",
             "best": {"figure": "blocks", "cell": cell}},
            {"row": "GResNet+M", "column": "emotion", "metric": "Acc",
             "cell": {"experiment": "GR-CNN-M", **cell}},
        ]  # fmt: skip

    plan = edited(edit, scale="paper")
    assert plan.figure_titles("gresnets", "blocks") == {"L9": "9", "L3": "3", "GR-G-M": "7"}
    assert plan.figure_titles("gresnets", "clean") == {"L9": "0.001"}
    assert plan.figure_titles("gresnets", "curves") == {
        name: plan.experiment("gresnets", name, "paper").title for name in ("GR-G-M", "GR-CNN-M")
    }
    assert plan.parameters("gresnets") == {"blocks": {"L9": 9, "L3": 3, "GR-G-M": 7}}
    assert plan.text_experiments("gresnets") == ["GR-CNN-M", "GR-G-M", "L3", "L9"]


def test_a_caption_says_what_the_configuration_changed():
    demo = "Scale demo: simulated audio, small networks, few folds or repeats, short trainings"
    assert plan_of().scale_note("gresnets") == demo
    overrides = {
        "papers": {"gresnets": {"trainings": {"*": {"epochs": 3}}}},
        "corpora": {"ravdess": {"max_rejected": 0.5, "simulation": {"seed": 4}}},
    }
    assert plan_of(overrides=overrides).scale_note("gresnets") == (
        f"{demo}; changed: ravdess.simulation.seed = 4, gresnets.trainings.*.epochs = 3"
    )
