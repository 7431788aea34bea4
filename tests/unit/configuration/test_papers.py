"""What a paper's YAML becomes, and what is said of one that is wrong."""

import pytest

PAPER = "papers/waves/paper.yaml"


def test_names_are_replaced_by_what_they_stand_for(read):
    experiment = read().papers["waves"].experiments["NET"]["paper"]
    assert (experiment.paper, experiment.experiment, experiment.variant) == (
        "waves",
        "NET",
        "paper",
    )
    (clips,) = experiment.inputs
    assert (clips.feature_name, clips.feature.frames) == ("stft", 16)
    assert (clips.split_name, clips.split.folds) == ("folds", 5)
    assert experiment.model.kind == "gresnet" and experiment.training.epochs == 3


def test_an_experiment_inherits_and_changes_single_fields_of_a_model(read, edit):
    edit(PAPER, experiments={"DEEP": {"extends": "NET", "model": {"depth": 9}}})
    experiments = read().papers["waves"].experiments
    assert experiments["DEEP"]["paper"].model.depth == 9
    assert experiments["DEEP"]["paper"].model.filters == (8,)
    assert experiments["NET"]["paper"].model.depth == 2


def test_a_variant_changes_what_it_says_and_null_drops_an_inherited_one(read, edit):
    edit(
        PAPER,
        experiments={
            "NET": {"variants": {"paper": {}, "clean": {"split": "actor_folds"}}},
            "TWIN": {"extends": "NET"},
            "ALONE": {"extends": "NET", "variants": {"clean": None}},
        },
    )
    experiments = read().papers["waves"].experiments
    assert experiments["NET"]["paper"].inputs[0].split.group is None
    assert experiments["NET"]["clean"].inputs[0].split.group == "speaker"
    assert [*experiments["TWIN"]] == ["paper", "clean"]
    assert [*experiments["ALONE"]] == ["paper"]


def test_a_baseline_drops_the_training_that_it_inherits(read, edit):
    edit(PAPER, experiments={"SVM": {"extends": "NET", "model": "svm", "training": None}})
    assert read().papers["waves"].experiments["SVM"]["paper"].training is None


def test_a_sweep_makes_an_experiment_of_each_value(read, edit):
    edit(
        PAPER,
        experiments={
            "NET-L{depth}": {
                "extends": "NET",
                "sweep": {"depth": [3, 4]},
                "title": "{depth} blocks",
                "model": {"depth": "{depth}"},
            }
        },
    )
    experiments = read().papers["waves"].experiments
    assert [*experiments] == ["NET", "NET-L3", "NET-L4"]
    assert experiments["NET-L4"]["paper"].model.depth == 4
    assert experiments["NET-L4"]["paper"].title == "4 blocks"


def test_overrides_of_the_configuration_lie_over_those_of_the_scale(read, edit):
    edit(
        "scales/small.yaml",
        overrides={
            "papers": {"waves": {"splits": {"*": {"folds": 2}}, "trainings": {"*": {"epochs": 1}}}}
        },
    )
    own = {"papers": {"waves": {"splits": {"folds": {"folds": 3}}}}}
    experiment = read(overrides=own).papers["waves"].experiments["NET"]["paper"]
    assert (experiment.inputs[0].split.folds, experiment.training.epochs) == (3, 1)
    large = read(scale="large").papers["waves"].experiments["NET"]["paper"]
    assert (large.inputs[0].split.folds, large.training.epochs) == (5, 3)


@pytest.mark.parametrize(
    ("section", "change", "fault"),
    [
        (
            "models",
            {"small": {"hiden": 3}},
            "models.small.hiden: unknown key; did you mean 'hidden'?",
        ),
        (
            "models",
            {"small": {"stem": {"padding": 1}}},
            "models.small.stem.padding: unknown key; known: filters, kernel, pool, stride",
        ),
        (
            "models",
            {"small": {"kind": "resnet"}},
            "models.small.kind: 'resnet' is not allowed; allowed: 'gresnet', 'branched_vgg', "
            "'classifier_attention', 'band_attention', 'torchvision', 'vggvox', 'svm'",
        ),
        (
            "models",
            {"small": {"kind": None}},
            "models.small.kind: missing; allowed: gresnet, branched_vgg, classifier_attention, "
            "band_attention, torchvision, vggvox, svm",
        ),
        (
            "models",
            {"small": {"f1": "swish"}},
            "models.small.f1: 'swish' is not allowed; "
            "allowed: 'tanh', 'sigmoid', 'relu' or '4sigmoid-2'",
        ),
        (
            "features",
            {"stft": {"frames": "many"}},
            "features.stft.frames: 'many': input should be a valid integer, "
            "unable to parse string as an integer",
        ),
        (
            "splits",
            {"folds": {"folds": 1}},
            "splits.folds.folds: 1: input should be greater than or equal to 2",
        ),
        (
            "trainings",
            {"adam": {"learning_rate": None}},
            "trainings.adam.learning_rate: missing; expected a number",
        ),
        (
            "trainings",
            {"adam": {"optimizer": None}},
            "trainings.adam.optimizer: missing; allowed: 'adam', 'adamw', 'sgd'",
        ),
        (
            "models",
            {"small": {"depth": None}},
            "models.small.depth: missing; expected a whole number",
        ),
        (
            "models",
            {"small": {"stem": None}},
            "models.small.stem: missing; expected keys and values",
        ),
        ("experiments", {"NET": {"title": None}}, "experiments.NET.title: missing; expected text"),
        ("experiments", {"NET": {"model": None}}, "experiments.NET.model: missing"),
        (
            "trainings",
            {"adam": {"selection": "best_validation"}},
            "experiments.NET: selection best_validation needs validation clips, "
            "and split folds has none; use selection last",
        ),
        (
            "experiments",
            {"NET": {"model": "smal"}},
            "experiments.NET.model: no 'smal' in models; did you mean 'small'?",
        ),
        (
            "experiments",
            {"NET": {"model": {"extends": "smal"}}},
            "experiments.NET.model: extends 'smal'; did you mean 'small'?",
        ),
        (
            "experiments",
            {"NET": {"model": {"extends": "small", "hiden": 3}}},
            "experiments.NET.model.hiden: unknown key; did you mean 'hidden'?",
        ),
        (
            "experiments",
            {"OTHER": {"extends": "NETT"}},
            "experiments.OTHER: extends 'NETT'; did you mean 'NET'?",
        ),
        (
            "experiments",
            {"NET": {"extends": "NET"}},
            "experiments.NET: extends itself through NET -> NET",
        ),
        (
            "experiments",
            {"NET": {"epochs": 3}},
            "experiments.NET.epochs: unknown key; known: dataset, embed, feature, folds, model, "
            "pooling, predict_train, repeats, runs_per_part, split, standardise, tasks, title, "
            "training, variants, warm_start",
        ),
        (
            "experiments",
            {"NET": {"dataset": "ravdess-dog"}},
            "experiments.NET.dataset: no dataset 'ravdess-dog'; did you mean 'ravdess-dogs'?",
        ),
        (
            "experiments",
            {"NET": {"tasks": ["emotions"]}},
            "experiments.NET.tasks: no labels for 'emotions' in ravdess-dogs; "
            "did you mean 'emotion'?",
        ),
        (
            "experiments",
            {"NET": {"variants": {"cleen": {}}}},
            "experiments.NET.variant: 'cleen' is not allowed; allowed: 'paper' or 'clean'",
        ),
        (
            "experiments",
            {"NET": {"variants": ["clean"]}},
            "experiments.NET.variants: ['clean']: expected keys and values",
        ),
        (
            "experiments",
            {"NET": {"training": None}},
            "experiments.NET.training: networks need one, baselines none",
        ),
        (
            "experiments",
            {"NET-L": {"extends": "NET", "sweep": {"depth": [3, 5]}}},
            "experiments.NET-L: gives 'NET-L' twice; "
            "name every swept key in braces in the entry's name",
        ),
        (
            "tables",
            {
                "1": {
                    "title": "All",
                    "rows": {"network": {"experiment": "NTE"}},
                    "columns": {},
                    "metrics": {},
                }
            },
            "tables.1.rows.network: no experiment 'NTE'; did you mean 'NET'?",
        ),
        (
            "figures",
            {
                "curves": {
                    "kind": "learning_curves",
                    "title": "Curves",
                    "caption": "",
                    "experiments": ["NET", "NUT"],
                    "task": "emotion",
                }
            },
            "figures.curves: no experiment 'NUT'; did you mean 'NET'?",
        ),
    ],
)
def test_a_fault_names_the_key_and_what_was_expected(faults, edit, section, change, fault):
    edit(PAPER, **{section: change})
    assert faults() == [f"papers.waves.{fault}"]


@pytest.mark.parametrize(
    "source",
    [
        {"cell": {"experiment": "NTE", "task": "emotion", "metric": "uar"}},
        {"setting": {"source": "run", "experiment": "NTE", "key": "epochs"}},
    ],
)
def test_a_row_of_the_text_names_an_experiment_that_exists(faults, edit, source):
    edit(PAPER, text=[{"row": "network", "column": "emotion", "metric": "UAR", **source}])
    assert faults() == [
        "papers.waves.text.network.emotion.UAR: no experiment 'NTE'; did you mean 'NET'?"
    ]


def test_folds_that_the_split_lacks_or_that_come_twice_are_faults(faults, edit):
    edit(PAPER, experiments={"NET-0": {"extends": "NET", "folds": [0, 7, 0]}})
    lacking, twice = dict.fromkeys(faults())
    assert lacking.startswith("papers.waves.experiments.NET-0.folds: split ")
    assert lacking.endswith(", not 7")
    assert twice == "papers.waves.experiments.NET-0.folds: [0, 7, 0] names a fold twice"


def test_a_row_of_the_text_has_one_origin(faults, edit):
    cell = {"experiment": "NET", "task": "emotion", "metric": "uar"}
    setting = {"source": "run", "experiment": "NET", "key": "epochs"}
    row = {"row": "network", "column": "emotion", "metric": "UAR", "cell": cell, "setting": setting}
    edit(PAPER, text=[row])
    (fault,) = faults()
    assert fault.startswith("papers.waves.text.network / emotion / UAR: {'row': 'network', ")
    assert fault.endswith("it has a cell and a setting; keep one")


@pytest.mark.parametrize(
    ("parameter", "fault"),
    [
        ("model.dept", "model.dept leads nowhere: no 'dept' among kind, block, "),
        ("model.depth.0", "model.depth.0 leads nowhere: before '0' it is 2 already"),
        ("model.filters", "model.filters is not a single value; name one of 0"),
        ("model.filters.1", "model.filters.1 leads nowhere: no '1' among 0"),
        ("model.pooling", "model.pooling is 'average', no number"),
        ("training.nesterov", "training.nesterov leads nowhere: no 'nesterov' among "),
        ("inputs.0.split.equal", "inputs.0.split.equal is False, no number"),
        ("folds", "folds is None, no number"),
    ],
)
def test_what_experiments_are_compared_by_is_a_number_in_each(faults, edit, parameter, fault):
    edit(PAPER, experiments={"DEEP": {"extends": "NET", "model": {"depth": 9}}})
    compared = {"experiments": ["NET"], "parameter": parameter}
    figure = {"kind": "metric_by_parameter", "title": "", "caption": "", "tasks": ["emotion"],
              "parameter_title": "blocks"}  # fmt: skip
    edit(PAPER, figures={"blocks": {**figure, **compared}})
    (found,) = faults()
    assert found.startswith(f"papers.waves.figures.blocks.parameter: experiment NET: {fault}")


def test_the_best_value_is_that_of_a_figure(faults, edit):
    best = {"figure": "emotions", "cell": {"task": "emotion", "metric": "uar"}}
    row = {"row": "figure 11", "column": "best l", "metric": "l", "best": best}
    edit(PAPER, figures={"emotions": {**FIGURE, "variant": "paper"}}, text=[row])
    assert faults() == [
        "papers.waves.text.figure 11.best l.l.best.figure: no figure 'emotions' of a metric by a "
        "parameter; known: "
    ]


TABLE = {
    "title": "All",
    "rows": {"network": {"experiment": "NET"}},
    "columns": {"emotion": {"task": "emotion"}},
    "metrics": {"UAR": {"metric": "uar"}},
    "clean": ["network"],
}
FIGURE = {
    "kind": "confusion_matrix",
    "title": "Emotions",
    "caption": "",
    "experiments": ["NET"],
    "task": "emotion",
    "variant": "clean",
}


def test_what_is_shown_of_variant_clean_exists(faults, edit):
    edit(PAPER, tables={"1": TABLE}, figures={"emotions": FIGURE})
    assert sorted(faults()) == [
        "papers.waves.figures.emotions: experiment NET has no variant 'clean'",
        "papers.waves.tables.1.clean: experiment NET has no variant 'clean'",
    ]
    edit(PAPER, experiments={"NET": {"variants": {"clean": {}}}}, tables={"1": {"clean": ["net"]}})
    assert faults() == [
        "papers.waves.tables.1.rows.network: experiment NET has no variant 'paper'",
        "papers.waves.tables.1.clean: no row 'net'; did you mean 'network'?",
    ]


def test_leaving_out_variant_clean_leaves_out_what_shows_it(read, edit):
    edit(PAPER, experiments={"NET": {"variants": {"paper": {}, "clean": {}}}})
    other = {**FIGURE, "variant": "paper"}
    edit(PAPER, tables={"1": TABLE}, figures={"emotions": FIGURE, "others": other})
    both = read().papers["waves"]
    assert both.tables["1"].clean == ("network",)
    assert [*both.figures] == ["emotions", "others"]
    paper_alone = read(variants=["paper"]).papers["waves"]
    assert paper_alone.tables["1"].clean == ()
    assert [*paper_alone.figures] == ["others"]


def test_choosing_the_epoch_on_test_data_is_open_only_to_variant_paper(read, faults, edit):
    edit(PAPER, trainings={"peeking": {"extends": "adam", "selection": "best_test"}})
    edit(PAPER, experiments={"NET": {"training": "peeking"}})
    assert read().papers["waves"].experiments["NET"]["paper"].training.selection == "best_test"

    edit(PAPER, experiments={"NET": {"variants": {"paper": {}, "clean": {}}}})
    assert faults() == [
        "papers.waves.experiments.NET: selection best_test looks at test data and is open only "
        "to variant paper"
    ]


def test_a_paper_has_the_name_of_its_folder(faults, edit):
    edit(PAPER, paper="wave")
    assert faults() == ["papers.waves.paper: 'wave' is not the name of its folder, 'waves'"]


def test_two_papers_may_share_a_feature_but_not_its_name_alone(read, faults, edit, workflow):
    (workflow / "papers" / "tides").mkdir()
    text = (workflow / PAPER).read_text()
    (workflow / "papers" / "tides" / "paper.yaml").write_text(text)
    edit("papers/tides/paper.yaml", paper="tides")
    assert [*read(papers=["waves", "tides"]).papers] == ["waves", "tides"]

    edit("papers/tides/paper.yaml", features={"stft": {"frames": 17}})
    assert faults(papers=["waves", "tides"]) == [
        "papers.tides.features.stft: differs from the feature of that name of paper waves; "
        "rename one"
    ]


def test_a_paper_remembers_the_tables_that_overrides_remove(edit, read):
    row = {"row": "a", "column": "b", "metric": "c"}
    table = TABLE | {"clean": []}
    edit(PAPER, tables={"1": table, "2": table}, text=[row])
    assert read().papers["waves"].removed_tables == ()
    removed = {"tables": {"2": None}, "text": {"a / b / c": None}}
    paper = read(overrides={"papers": {"waves": removed}}).papers["waves"]
    assert (tuple(paper.tables), paper.removed_tables) == (("1",), ("2", "text"))
