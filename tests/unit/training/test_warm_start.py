"""Trainings that start from the weights of another experiment (mixup_mtl, section II.D)."""

import hashlib
import json
import logging

import pytest
import torch
from safetensors.torch import load_file, save_file
from sample_part import result_bytes, stopped_in_step, train
from sample_patches import CLASSES, SHAPE, mixed_part, patch_part, write_patch_inputs

from retable.errors import ConfigError, DataError, TrainingError
from retable.spec.part import Part
from retable.training.part import build_network

BODY = ("stem.*", "blocks.*", "hidden.*")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return write_patch_inputs(tmp_path_factory.mktemp("inputs") / "patches")


@pytest.fixture(scope="module")
def source(inputs, tmp_path_factory):
    """The outputs of the training that others start from."""
    return train(tmp_path_factory.mktemp("source") / "part0", mixed_part(), *inputs)


def starting(part: Part, *fresh: str) -> Part:
    """The part, started from the source but for the parameters that the patterns match."""
    start = {"experiment": "SOURCE", "fresh": fresh}
    return Part.model_validate(part.model_dump() | {"warm_start": start})


def weights_of(outputs, run: str) -> dict[str, torch.Tensor]:
    return load_file(outputs.weights / f"{run}.safetensors")


def is_of_body(name: str) -> bool:
    return name.startswith(("stem.", "blocks.", "hidden."))


def test_frozen_layers_are_those_of_the_same_repeat_and_fold(inputs, source, tmp_path):
    part = starting(patch_part("scene", frozen=BODY), "heads.*")
    outputs = train(tmp_path / "part0", part, inputs[0], warm_starts=[source.weights])
    for run in ("repeat0-fold0", "repeat0-fold1"):
        ours, theirs = weights_of(outputs, run), weights_of(source, run)
        assert {name for name in ours if torch.equal(ours[name], theirs[name])} == {
            name for name in ours if is_of_body(name)
        }
    first, second = (weights_of(source, f"repeat0-fold{fold}") for fold in (0, 1))
    assert not torch.equal(first["stem.0.weight"], second["stem.0.weight"])


def test_fresh_parameters_are_those_of_the_seed(inputs, source, tmp_path):
    """After one step of a vanishing learning rate, the initial weights are still to be seen."""
    fields = {"epochs": 1, "learning_rate": 1e-30, "optimizer": "sgd"}
    part = starting(patch_part("scene", runs=1, **fields), "heads.*")
    outputs = train(tmp_path / "part0", part, inputs[0], warm_starts=[source.weights])
    ours, theirs = weights_of(outputs, "repeat0-fold0"), weights_of(source, "repeat0-fold0")
    seeded = build_network(part, part.runs[0], (1, *SHAPE), torch.device("cpu")).state_dict()
    for name, values in ours.items():
        if not ("running" in name or "batches" in name):
            torch.testing.assert_close(values, theirs[name] if is_of_body(name) else seeded[name])


def test_the_record_names_the_weights(inputs, source, tmp_path):
    part = starting(patch_part("scene"), "heads.*")
    folders = [tmp_path, source.weights]
    outputs = train(tmp_path / "part0", part, inputs[0], warm_starts=folders)
    for record in json.loads(outputs.runs.read_text()):
        file = source.weights / f"repeat0-fold{record['fold']}.safetensors"
        assert record["warm_start"] == {
            "experiment": "SOURCE",
            "weights": hashlib.sha256(file.read_bytes()).hexdigest(),
        }
        assert record["initial_weights"] == "warm start"


def test_a_stopped_training_goes_on_and_other_initial_weights_start_afresh(
    inputs, source, tmp_path, caplog
):
    part = starting(patch_part("scene", frozen=BODY), "heads.*")
    folders = [source.weights]
    in_one_go = train(tmp_path / "reference", part, inputs[0], warm_starts=folders)
    caplog.set_level(logging.INFO, logger="retable")
    for name in ("resumed", "afresh"):
        with stopped_in_step(8):
            train(tmp_path / name, part, inputs[0], warm_starts=folders)
    resumed = train(tmp_path / "resumed", part, inputs[0], warm_starts=folders)
    assert "NET: spec, code or data changed; starting afresh" not in caplog.messages
    assert result_bytes(resumed) == result_bytes(in_one_go)

    for run in ("repeat0-fold0", "repeat0-fold1"):
        other = {name: values + 1 for name, values in weights_of(source, run).items()}
        save_file(other, tmp_path / f"{run}.safetensors")
    changed = train(tmp_path / "afresh", part, inputs[0], warm_starts=[tmp_path])
    assert "NET: spec, code or data changed; starting afresh" in caplog.messages
    assert result_bytes(changed) != result_bytes(in_one_go)


def test_missing_initial_weights_are_named_with_the_folders_looked_in(inputs, tmp_path):
    part = starting(patch_part("scene"), "heads.*")
    message = (
        r"NET paper repeat0-fold0 starts from the weights of SOURCE, but repeat0-fold0\.safetensors"
        rf" is in none of {tmp_path}; let both experiments have the same repeats and folds"
    )
    with pytest.raises(DataError, match=message):
        train(tmp_path / "part0", part, inputs[0], warm_starts=[tmp_path])


def test_a_parameter_of_another_shape_is_named_with_both_shapes(inputs, source, tmp_path):
    part = starting(patch_part("scene"), "heads.*")
    wider = part.model.model_copy(update={"hidden": 9})
    message = (
        r"repeat0-fold0\.safetensors: the network of NET paper needs hidden\.0\.weight of shape "
        r"9x8, but the file, from SOURCE, has 8x8; .*warm_start\.fresh"
    )
    with pytest.raises(TrainingError, match=message):
        train(
            tmp_path / "part0",
            part.model_copy(update={"model": wider}),
            inputs[0],
            warm_starts=[source.weights],
        )


def test_a_parameter_that_the_file_lacks_is_named(inputs, source, tmp_path):
    part = starting(patch_part("scene"))
    deeper = part.model.model_copy(update={"depth": 3, "filters": (4, 8, 8)})
    message = r"needs blocks\.2\.convolution1\.weight of shape 8x8x1x1, but .* lacks it; "
    with pytest.raises(TrainingError, match=message):
        train(
            tmp_path / "part0",
            part.model_copy(update={"model": deeper}),
            inputs[0],
            warm_starts=[source.weights],
        )


def test_a_fresh_pattern_that_matches_nothing_is_an_error(inputs, source, tmp_path):
    part = starting(patch_part("scene"), "heads.*", "output.*")
    message = r"warm_start\.fresh: 'output\.\*' matches no parameter"
    with pytest.raises(ConfigError, match=message):
        train(tmp_path / "part0", part, inputs[0], warm_starts=[source.weights])


VGG = {
    "kind": "branched_vgg",
    "form": "branched",
    "widths": [4, 4, 4],
    "head": 6,
    "dropout": 0.5,
    "batch_norm": True,
    "alpha": {"scene": 0.7, "event": 0.6},
}
SIZES = {task: len(names) for task, names in CLASSES.items()}


def test_cross_task_fusion_trains_nothing_but_its_new_layers(tmp_path):
    """Section II.D: mixtures first, then scenes alone on the restored and frozen network."""
    inputs = write_patch_inputs(tmp_path / "inputs", shape=(48, 48))
    mixed = Part.model_validate(mixed_part().model_dump() | {"model": VGG})
    source = train(tmp_path / "source", mixed, *inputs)
    fused = VGG | {"form": "fused", "branches": SIZES, "fused_units": 5}
    part = patch_part("scene", frozen=["shared.*", "branches.*"]).model_dump() | {"model": fused}
    part = starting(Part.model_validate(part), "fused.*", "output.*")
    outputs = train(tmp_path / "part0", part, inputs[0], warm_starts=[source.weights])
    for run in part.runs:
        ours, theirs = weights_of(outputs, run.name), weights_of(source, run.name)
        restored = {name for name in ours if name.startswith(("shared.", "branches."))}
        assert restored and restored <= set(theirs)
        assert all(torch.equal(ours[name], theirs[name]) for name in restored)
    (record, _) = json.loads(outputs.runs.read_text())
    new = sum(values.numel() for name, values in ours.items() if name not in restored)
    assert record["parameters"]["trainable"] == new
