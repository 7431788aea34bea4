"""Trainings that start from weights that somebody has published (densenet_ser, section III)."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sample_part import (
    CLASSES,
    CLIPS,
    result_bytes,
    sample_part,
    stopped_in_step,
    train,
    write_inputs,
    write_shard,
)
from torch import nn
from torchvision import models

from retable.errors import TrainingError
from retable.spec.part import Part
from retable.training.part import build_network
from retable.training.published_weights import find_published_weights

SIDE = 24
CPU = torch.device("cpu")


def image_part(architecture: str = "squeezenet1_0", **training) -> Part:
    model = {"kind": "torchvision", "architecture": architecture, "weights": "imagenet"}
    return Part.model_validate(sample_part(runs=1, **training).model_dump() | {"model": model})


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """The clips of the sample part as small images of noise in three channels."""
    files = write_inputs(tmp_path_factory.mktemp("inputs"))
    images = np.random.default_rng(0).standard_normal((CLIPS, 3, SIDE, SIDE)).astype(np.float16)
    for shard in files.feature_shards:
        clip_ids = json.loads(shard.with_suffix(".json").read_text())["clip_ids"]
        write_shard(shard, clip_ids, images[[int(name[-2:]) for name in clip_ids]])
    return files


def published(path: Path, architecture: str = "squeezenet1_0", seed: int = 5) -> Path:
    """Random weights for 1000 classes, as `convert_weights` leaves them."""
    with torch.device("meta"):
        state = models.get_model(architecture, weights=None).state_dict()
    generator = torch.Generator().manual_seed(seed)
    drawn = {name: torch.randn(values.shape, generator=generator) for name, values in state.items()}
    save_file({name: values.to(state[name].dtype) for name, values in drawn.items()}, path)
    origin = {
        "weights": "imagenet", "architecture": architecture,
        "file": f"{architecture}-12345678.pth", "sha256": f"{seed:064x}",
    }  # fmt: skip
    path.with_suffix(".json").write_text(json.dumps(origin))
    return path


def image_network(architecture: str = "squeezenet1_0") -> nn.Module:
    """A network with the initial weights of its seed."""
    part = image_part(architecture)
    return build_network(part, part.runs[0], (3, 48, 48), CPU)


@pytest.mark.parametrize(
    ("architecture", "last"),
    [("squeezenet1_0", "classifier.1."), ("resnet18", "fc."), ("densenet121", "classifier.")],
)
def test_all_but_the_last_layer_is_that_of_the_file(tmp_path, architecture, last):
    file = published(tmp_path / "weights.safetensors", architecture)
    network, theirs = image_network(architecture), load_file(file)
    find_published_weights(file).load(network, image_part(architecture))
    seeded = image_network(architecture).network.state_dict()
    for name, values in network.network.state_dict().items():
        expected = seeded if name.startswith(last) else theirs
        assert torch.equal(values, expected[name]), name
    assert values.shape == (sum(len(names) for names in CLASSES.values()),)


def test_a_training_starts_from_the_file(inputs, tmp_path):
    """After steps of a vanishing learning rate, the initial weights are still to be seen."""
    file = published(tmp_path / "weights.safetensors")
    part = image_part(epochs=1, learning_rate=1e-30, optimizer="sgd")
    outputs = train(tmp_path / "part0", part, inputs, weights=file)
    ours, theirs = load_file(outputs.weights / "repeat0-fold0.safetensors"), load_file(file)
    assert {name for name in theirs if torch.equal(ours[f"network.{name}"], theirs[name])} == {
        name for name in theirs if not name.startswith("classifier.1.")
    }


def test_the_record_names_the_file(inputs, tmp_path):
    file = published(tmp_path / "weights.safetensors")
    outputs = train(tmp_path / "part0", image_part(epochs=1), inputs, weights=file)
    (record,) = json.loads(outputs.runs.read_text())
    assert record["initial_weights"] == {
        "weights": "imagenet",
        "file": "squeezenet1_0-12345678.pth",
        "sha256": f"{5:064x}",
    }
    assert record["warm_start"] is None


def test_without_a_file_the_record_says_from_scratch(inputs, tmp_path):
    outputs = train(tmp_path / "part0", image_part(epochs=1), inputs)
    (record,) = json.loads(outputs.runs.read_text())
    assert record["initial_weights"] == "from scratch"


def test_a_stopped_training_goes_on_and_other_weights_start_afresh(inputs, tmp_path, caplog):
    part = image_part(epochs=2)
    first, second = (published(tmp_path / f"{seed}.safetensors", seed=seed) for seed in (5, 6))
    in_one_go = train(tmp_path / "reference", part, inputs, weights=first)
    caplog.set_level(logging.INFO, logger="retable")
    for name in ("resumed", "afresh"):
        with stopped_in_step(4):
            train(tmp_path / name, part, inputs, weights=first)
    resumed = train(tmp_path / "resumed", part, inputs, weights=first)
    assert "NET: spec, code or data changed; starting afresh" not in caplog.messages
    assert result_bytes(resumed) == result_bytes(in_one_go)
    train(tmp_path / "afresh", part, inputs, weights=second)
    assert "NET: spec, code or data changed; starting afresh" in caplog.messages


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features.0.weight": torch.zeros(64, 3, 3, 3)}, "the file has 64x3x3x3; published"),
        ({"features.0.weight": None}, "the file lacks it; published"),
    ],
)
def test_a_network_of_other_sizes_does_not_fit(tmp_path, change, message):
    file = published(tmp_path / "weights.safetensors")
    state = {**load_file(file), **change}
    save_file({name: values for name, values in state.items() if values is not None}, file)
    with pytest.raises(TrainingError) as raised:
        find_published_weights(file).load(image_network(), image_part())
    start = f"{file}: the network needs features.0.weight of shape 96x3x7x7, but {message}"
    assert str(raised.value).startswith(start)
    assert str(raised.value).endswith("give the model those, or weights: none")
