"""What cells, text rows and batches of clips of different lengths ask of experiments."""

import pytest

WAVE = {
    "kind": "waveform", "sample_rate": 48000, "rate": 4000, "pick": "max", "seconds": 1,
    "normalise": "file",
}  # fmt: skip
ATTENTION = {
    "kind": "classifier_attention", "layers": [{"filters": 4, "kernel": 4, "pool": 4, "stride": 2}],
    "classifiers": 2, "classifier_units": [3], "attention_units": [3], "pooling": "mean",
}  # fmt: skip
SHARES = {
    "kind": "shares", "shares": {"train": 0.6, "validation": 0.1, "test": 0.3},
    "stratify": "emotion", "seed": 1,
}  # fmt: skip
HEARD = {
    "extends": "NET", "feature": "wave", "model": "attention", "training": {"batching": "masked"},
}  # fmt: skip
COLUMNS = {"columns": {"test": {"task": "emotion"}}, "metrics": {"Acc": {"metric": "accuracy"}}}


@pytest.fixture
def of_waves(edit):
    """Lays changes over the paper `waves`, which then has a waveform and a network for it."""

    def edit_paper(**changes):
        edit(
            "papers/waves/paper.yaml",
            features={"wave": WAVE},
            models={"attention": ATTENTION},
            splits={"shares": SHARES},
        )
        edit("papers/waves/paper.yaml", **changes)

    return edit_paper


def test_clips_of_different_lengths_may_be_masked(of_waves, read):
    of_waves(experiments={"HEARD": HEARD})
    heard = read().papers["waves"].experiments["HEARD"]["paper"]
    assert heard.training.batching == "masked"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            {"feature": "stft"},
            "masked is for clips of different lengths, and stft is of kind spectrogram; "
            "use a waveform, or whole",
        ),
        (
            {"model": "small"},
            "masked needs a model that leaves out steps past a clip's end, which gresnet cannot; "
            "use shortest, or whole",
        ),
    ],
)
def test_what_batches_of_different_lengths_ask_for(of_waves, faults, change, fault):
    of_waves(experiments={"HEARD": {**HEARD, **change}})
    assert faults() == [f"papers.waves.experiments.HEARD.training.batching: {fault}"]


def test_mixtures_are_of_clips_of_one_length(of_waves, faults):
    clips = {"feature": "wave", "split": "folds"}
    of_waves(
        experiments={
            "MIXED": {
                "title": "Two corpora at once",
                "inputs": {
                    "first": {"dataset": "ravdess-dogs", "tasks": ["emotion"], **clips},
                    "second": {"dataset": "ravdess-dogs_both", "tasks": ["speech_song"], **clips},
                },
                "model": "attention",
                "training": {
                    "extends": "adam",
                    "mixup": {"weight": 0.5, "redraw": "epoch"},
                    "batching": "masked",
                },
            }
        }
    )
    assert faults() == [
        "papers.waves.experiments.MIXED.training.batching: masked and mixup exclude each other: it "
        "adds samples of one length; use whole, or leave out mixup"
    ]


def test_a_split_by_shares_has_validation_clips_to_choose_on(of_waves, read):
    chosen = {"selection": "best_validation", "monitor": "loss", "patience": 15}
    of_waves(experiments={"OTHER": {"extends": "NET", "split": "shares", "training": chosen}})
    training = read().papers["waves"].experiments["OTHER"]["paper"].training
    assert (training.monitor, training.patience) == ("loss", 15)


def test_official_folds_without_validation_clips_have_none_to_choose_on(edit, faults):
    roles = [{"train": {"repetition": ["01"]}, "test": {"repetition": ["02"]}}]
    edit(
        "papers/waves/paper.yaml",
        splits={"official": {"kind": "official", "roles": roles}},
        experiments={"NET": {"split": "official", "training": {"selection": "best_validation"}}},
    )
    assert faults() == [
        "papers.waves.experiments.NET: selection best_validation needs validation clips, and split "
        "official has none; use selection last"
    ]


def test_patience_without_a_choice_of_epochs_is_a_fault(edit, faults):
    edit("papers/waves/paper.yaml", trainings={"adam": {"patience": 5}})
    (fault,) = faults()
    assert "patience waits for a better epoch, and selection is last" in fault


def test_a_split_is_stratified_by_a_task_of_its_dataset(of_waves, faults):
    of_waves(
        splits={"shares": {"stratify": "emotoin"}},
        experiments={"OTHER": {"extends": "NET", "split": "shares"}},
    )
    assert faults() == [
        "papers.waves.splits.shares.stratify: no labels for 'emotoin' in ravdess-dogs; "
        "did you mean 'emotion'?"
    ]


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ({"fold": 5}, "NET runs no fold 5, but 0, 1, 2, 3, 4"),
        (
            {"repeats": "best_validation"},
            "the best repeat is chosen on validation clips, and the split of NET, variant paper, "
            "has none",
        ),
    ],
)
def test_what_a_cell_asks_of_the_runs_of_its_experiment(edit, faults, cell, fault):
    table = {"title": "Nets", "rows": {"Net": {"experiment": "NET", **cell}}, **COLUMNS}
    edit("papers/waves/paper.yaml", tables={"1": table})
    assert faults() == [f"papers.waves.tables.1, Net / test: {fault}"]


def test_the_text_has_no_counts_of_confusions(edit, faults):
    recall = {"task": "emotion", "metric": "recall", "target": "sad"}
    of_net = {"experiment": "NET", **recall}
    chart = {
        "kind": "metric_by_parameter", "title": "", "caption": "", "tasks": ["emotion"],
        "parameter_title": "blocks", "parameter": "model.depth", "experiments": ["NET"],
    }  # fmt: skip
    counted = of_net | {"metric": "confusion"}
    rows = {
        "shown": {"cell": counted},
        "gained": {"gain": {"of": of_net, "over": of_net | {"metric": "uar"}}},
        "chosen": {"best": {"figure": "blocks", "cell": recall}},
        "fine": {"cell": of_net | {"metric": "accuracy", "target": None}},
    }
    text = [{"row": row, "column": "all", "metric": "R", **made} for row, made in rows.items()]
    edit("papers/waves/paper.yaml", figures={"blocks": chart}, text=text)
    assert faults() == [
        f"papers.waves.text.{row}.all.R: {metric} is counted from confusions, which the text has "
        "none of; show it in a table, or choose another metric"
        for row, metric in (("shown", "confusion"), ("gained", "recall"), ("chosen", "recall"))
    ]


CONFUSION = {
    "kind": "confusion_matrix", "title": "Emotions", "caption": "", "experiments": ["NET"],
    "task": "emotion",
}  # fmt: skip


@pytest.mark.parametrize(
    ("repeats", "variant"),
    [("best_validation", "paper"), ("best_validation", "clean"), ("best_test", "clean")],
)
def test_a_matrix_of_the_best_repeat_by_validation_needs_such_clips(
    of_waves, read, faults, repeats, variant
):
    of_waves(
        experiments={"NET": {"variants": {"paper": {}, "clean": {}}}},
        figures={"confusions": {**CONFUSION, "repeats": repeats, "variant": variant}},
    )
    assert faults() == [
        "papers.waves.figures.confusions.repeats: the best repeat is chosen on validation clips, "
        f"and the split of NET, variant {variant}, has none"
    ]
    of_waves(experiments={"NET": {"split": "shares"}})
    assert read().papers["waves"].figures["confusions"].repeats == repeats


@pytest.mark.parametrize(
    ("repeats", "variant"), [("best_test", "paper"), ("pooled", "paper"), ("pooled", "clean")]
)
def test_other_matrices_need_no_validation_clips(of_waves, read, repeats, variant):
    of_waves(
        experiments={"NET": {"variants": {"paper": {}, "clean": {}}}},
        figures={"confusions": {**CONFUSION, "repeats": repeats, "variant": variant}},
    )
    assert read().papers["waves"].figures["confusions"].repeats == repeats


def test_a_clean_row_needs_one_experiment_with_such_a_variant(edit, read, faults):
    table = {
        "title": "Nets",
        "rows": {"Net": {}},
        "cells": {"Net": {"a": {"experiment": "NET"}, "b": {"experiment": "OTHER"}}},
        "columns": {"a": {"task": "emotion"}, "b": {"task": "emotion"}},
        "metrics": {"Acc": {"metric": "accuracy"}},
        "clean": ["Net"],
    }
    other = {"extends": "NET", "title": "Another"}
    edit("papers/waves/paper.yaml", experiments={"OTHER": other}, tables={"1": table})
    assert faults() == [
        "papers.waves.tables.1.clean: experiment NET or OTHER has no variant 'clean'"
    ]
    clean = {"variants": {"paper": {}, "clean": {"split": "actor_folds"}}}
    edit(
        "papers/waves/paper.yaml", experiments={"NET": clean, "OTHER": {"variants": {"paper": {}}}}
    )
    assert read().papers["waves"].tables["1"].clean == ("Net",)


def test_a_table_of_settings_reads_an_experiment_that_exists(edit, faults):
    table = {
        "title": "Layers",
        "reading": {"source": "model", "experiment": "NTE", "key": "structure.{row}"},
        "rows": {"blocks": {}},
        "columns": {"all": {}},
        "metrics": {"size": {}},
    }
    edit("papers/waves/paper.yaml", tables={"1": table})
    assert faults() == ["papers.waves.tables.1.reading: no experiment 'NTE'; did you mean 'NET'?"]


def test_overrides_leave_rows_of_the_text_out_by_name(edit, read):
    rows = [{"row": name, "column": "all", "metric": "Acc"} for name in ("ours", "theirs", "none")]
    edit("papers/waves/paper.yaml", text=rows)
    kept = read(overrides={"papers": {"waves": {"text": {"the* / all / *": None}}}})
    assert [row.row for row in kept.papers["waves"].text] == ["ours", "none"]


def test_a_row_of_the_text_that_is_there_twice_is_a_fault(edit, faults):
    row = {"row": "ours", "column": "all", "metric": "Acc"}
    edit("papers/waves/paper.yaml", text=[row, row])
    assert faults() == ["papers.waves.text.ours / all / Acc: occurs twice; keep one"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            {"experiments": ["NET"]},
            "experiments: the model of NET is of kind gresnet; choose one of kind "
            "classifier_attention",
        ),
        ({"classes": ["sda"]}, "classes: no emotion 'sda'; did you mean 'sad'?"),
    ],
)
def test_what_a_figure_of_attention_asks_for(of_waves, faults, change, fault):
    figure = {
        "kind": "attention", "title": "Attention", "caption": "Over time.",
        "experiments": ["HEARD"], "classes": ["sad"], **change,
    }  # fmt: skip
    of_waves(experiments={"HEARD": HEARD}, figures={"attention": figure})
    assert faults() == [f"papers.waves.figures.attention.{fault}"]
