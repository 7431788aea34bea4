"""The text that stands for a spec in a job's parameters."""

import json

import pytest
from pydantic import create_model

from plans import plan_of
from retable.spec.base import Spec, canonical_json
from retable.spec.figure import LearningCurves
from retable.spec.split import KFold
from retable.spec.training import Training


def test_equal_specs_give_equal_text_however_they_are_written():
    first = KFold(kind="kfold", folds=5, seed=1)
    second = KFold.model_validate({"seed": 1, "repeats": 1, "folds": "5", "kind": "kfold"})
    assert first.canonical() == second.canonical() == '{"folds":5,"kind":"kfold","seed":1}'
    assert first.canonical() != KFold(kind="kfold", folds=5, seed=2).canonical()


def test_text_has_sorted_keys_no_white_space_and_keeps_letters():
    assert canonical_json({"b": [1, 2.5], "a": "Müller"}) == '{"a":"Müller","b":[1,2.5]}'


def test_a_spec_survives_its_text():
    training = Training(epochs=3, batch_size=8, optimizer="sgd", learning_rate=0.1, momentum=0.9)
    assert Training.model_validate_json(training.canonical()) == training


def specs_in(value):
    """`value` and every spec within it."""
    if isinstance(value, Spec):
        yield value
        yield from specs_in(list(vars(value).values()))
    elif isinstance(value, dict):
        yield from specs_in(list(value.values()))
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from specs_in(entry)


@pytest.mark.parametrize("scale", ["demo", "paper"])
def test_a_new_field_with_a_default_changes_no_text(scale):
    plan = plan_of(scale=scale)
    parts = [
        plan.part(experiment, part)
        for experiment in plan.experiments.values()
        for part in plan.parts(experiment)
    ]
    specs = [*specs_in(parts), *specs_in(dict(plan.papers)), *specs_in(dict(plan.project.corpora))]
    assert {type(spec).__name__ for spec in specs} >= {
        "Part", "Run", "GatedResNet", "SupportVectorMachine", "Stem", "Training", "KFold",
        "Spectrogram", "LogMelStatistics", "Corpus", "Dataset", "Simulation", "Table",
        "ConfusionMatrices", "LearningCurves",
    }  # fmt: skip
    for spec in specs:
        later = create_model("Later", __base__=type(spec), field_of_tomorrow=(int, 0))
        renewed = later.model_validate(spec.model_dump())
        assert renewed.field_of_tomorrow == 0
        assert renewed.canonical() == spec.canonical()
        changed = json.loads(renewed.model_copy(update={"field_of_tomorrow": 1}).canonical())
        assert changed.pop("field_of_tomorrow") == 1
        assert changed == json.loads(spec.canonical())


def test_a_caption_is_no_part_of_what_is_drawn():
    spec = {
        "kind": "learning_curves",
        "title": "Curves",
        "experiments": ("NET",),
        "task": "emotion",
    }
    figure = LearningCurves(**spec, caption="By epoch.")
    assert figure.drawn_text() == LearningCurves(**spec).canonical() != figure.canonical()
    assert figure.drawn_text() != LearningCurves(**{**spec, "title": "Loss"}).drawn_text()
