"""Splits with extra training clips of other datasets, and shares without validation."""

import pytest

MIX = {
    "kind": "shares", "shares": {"train": 0.8, "test": 0.2}, "stratify": "emotion", "seed": 1,
    "extra": [{"dataset": "ravdess-others", "clips": 64}],
}  # fmt: skip
SPLIT = "papers.waves.splits.mix"
NET = "papers.waves.experiments.NET"


@pytest.fixture(autouse=True)
def mixed(edit):
    """NET on dogs with extra clips of the other statement."""
    others = {"where": [{"statement": ["01"]}]}
    edit("corpora/ravdess.yaml", datasets={"others": others})
    edit("papers/waves/paper.yaml", splits={"mix": MIX}, experiments={"NET": {"split": "mix"}})


def test_an_experiment_names_its_own_dataset_first(read):
    experiment = read().papers["waves"].experiments["NET"]["paper"]
    assert experiment.inputs[0].dataset == "ravdess-dogs"
    assert experiment.datasets == ("ravdess-dogs", "ravdess-others")


def test_the_corpora_of_extra_clips_are_used_too(edit, read):
    edit("corpora/esc50.yaml", datasets={"pets": {"labels": {"emotion": ["calm"]}}})
    edit("papers/waves/paper.yaml", splits={"mix": {"extra": [{"dataset": "esc50-pets"}]}})
    assert sorted(read().sources) == ["esc50", "ravdess"]


@pytest.mark.parametrize(
    ("extra", "fault"),
    [
        (
            [{"dataset": "ravdess-other"}],
            f"{SPLIT}.extra.0.dataset: no dataset 'ravdess-other'; did you mean 'ravdess-others'?",
        ),
        (
            [{"dataset": "ravdess-others"}, {"dataset": "ravdess-dogs"}],
            f"{SPLIT}.extra.1.dataset: ravdess-dogs is the dataset that is split; name another, or "
            "leave this one out",
        ),
        (
            [{"dataset": "ravdess-others", "clips": 64}, {"dataset": "ravdess-others"}],
            f"{SPLIT}.extra.1.dataset: ravdess-others is there twice; keep one",
        ),
        (
            [{"dataset": "esc50-all"}],
            f"{SPLIT}.extra.0.dataset: esc50-all has no labels for 'emotion', which ravdess-dogs "
            "is trained for or stratified by; it has event",
        ),
        (
            [{"dataset": "ravdess-others", "clips": 0}],
            f"{SPLIT}.extra.0.clips: 0: input should be greater than or equal to 1",
        ),
    ],
)
def test_an_extra_dataset_that_cannot_be_taken_is_named(edit, faults, extra, fault):
    edit("papers/waves/paper.yaml", splits={"mix": {"extra": extra}})
    assert faults() == [fault]


def test_classes_of_extra_clips_are_among_those_of_the_dataset_that_is_split(edit, faults):
    labels = {"emotion": ["calm", "boredom", "surprise"]}
    edit("corpora/ravdess.yaml", datasets={"others": {"labels": labels}})
    assert faults() == [
        f"{SPLIT}.extra.0.dataset: ravdess-others has the emotion 'boredom', 'surprise', which "
        "ravdess-dogs has not; classes are neutral, calm, happy, sad, angry, fearful, disgust, "
        "surprised. Let `recode` of ravdess-others in its corpus' YAML rename them, or leave them "
        "out"
    ]


def test_extra_clips_have_labels_for_every_task(edit, faults):
    edit("corpora/esc50.yaml", datasets={"pets": {"labels": {"emotion": ["calm"]}}})
    edit("papers/waves/paper.yaml", splits={"mix": {"extra": [{"dataset": "esc50-pets"}]}})
    edit("papers/waves/paper.yaml", experiments={"NET": {"tasks": ["emotion", "speech_song"]}})
    (fault,) = faults()
    assert fault.startswith(
        f"{SPLIT}.extra.0.dataset: esc50-pets has no labels for 'speech_song', which ravdess-dogs"
    )


def two_inputs(first: str, second: str) -> dict:
    """An experiment that mixes emotions and speech or song, on these datasets."""
    fields = {"feature": "stft", "split": "folds"}
    return {
        "title": "Two inputs",
        "inputs": {
            "first": {"dataset": first, "tasks": ["emotion"], **fields, "split": "mix"},
            "second": {"dataset": second, "tasks": ["speech_song"], **fields},
        },
        "model": "small",
        "training": {"extends": "adam", "mixup": {"weight": 0.5, "redraw": "epoch"}},
    }


def test_an_input_with_extra_clips_may_be_mixed_with_another(edit, read):
    joint = two_inputs("ravdess-dogs", "ravdess-dogs_both")
    edit("papers/waves/paper.yaml", experiments={"JOINT": joint})
    datasets = read().papers["waves"].experiments["JOINT"]["paper"].datasets
    assert datasets == ("ravdess-dogs", "ravdess-others", "ravdess-dogs_both")


def test_but_not_with_the_dataset_that_the_extra_clips_are_of(edit, faults):
    joint = two_inputs("ravdess-dogs", "ravdess-others")
    edit("papers/waves/paper.yaml", experiments={"JOINT": joint})
    assert faults() == [
        "papers.waves.experiments.JOINT.inputs: split mix trains on extra clips of ravdess-others, "
        "whose clips split folds holds out; take others"
    ]


def test_shares_without_validation_cannot_choose_an_epoch_by_it(edit, faults):
    best = {"extends": "adam", "selection": "best_validation"}
    edit("papers/waves/paper.yaml", experiments={"NET": {"training": best}})
    assert faults() == [
        f"{NET}: selection best_validation needs validation clips, and split mix has none; use "
        "selection last"
    ]


def test_shares_without_validation_cannot_choose_a_repeat_by_it(edit, faults):
    cell = {"task": "emotion", "metric": "accuracy", "repeats": "best_validation"}
    table = {
        "title": "Best", "rows": {"net": {"experiment": "NET"}}, "columns": {"accuracy": cell},
        "metrics": {"value": {}},
    }  # fmt: skip
    edit("papers/waves/paper.yaml", tables={"1": table})
    (fault,) = faults()
    assert fault == (
        "papers.waves.tables.1, net / accuracy: the best repeat is chosen on validation clips, and "
        "the split of NET, variant paper, has none"
    )
