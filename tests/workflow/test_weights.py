"""Published weights, through the real workflow: from a server to what a network starts from.

The server is on 127.0.0.1 and publishes random weights under torchvision's names, the file's
beginning of its checksum in its name, as torchvision does.
"""

import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file, save
from torchvision import models

from archive_server import ArchiveServer
from snakemake_project import Project

ARCHITECTURE = "squeezenet1_0"
PAPER = {
    "paper": "pictures",
    "title": "Pictures of clips",
    "citation": "Nobody (2026)",
    "features": {
        "rgb": {
            "kind": "spectrogram_image", "sample_rate": 48000, "window": 256, "hop": 128,
            "window_function": "hann", "size": 24, "colours": "rgb",
        }
    },
    "splits": {"halves": {"kind": "kfold", "folds": 2, "seed": 1}},
    "models": {
        "squeezenet": {"kind": "torchvision", "architecture": ARCHITECTURE, "weights": "imagenet"}
    },
    # Steps of a vanishing learning rate: what is trained is what it started from.
    "trainings": {
        "still": {"epochs": 1, "batch_size": 16, "optimizer": "sgd", "learning_rate": 1e-30}
    },
    "experiments": {
        "NET": {
            "title": "SqueezeNet", "dataset": "ravdess-dogs", "tasks": ["emotion"],
            "feature": "rgb", "split": "halves", "folds": [0], "model": "squeezenet",
            "training": "still",
        }
    },
}  # fmt: skip
PART = "results/tiny/runs/pictures/NET/paper/part0"
CONVERTED = f"results/tiny/weights/imagenet/{ARCHITECTURE}.safetensors"


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    """Weights for 1000 classes, none of them 0."""
    with torch.device("meta"):
        shapes = models.get_model(ARCHITECTURE, weights=None).state_dict()
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(v.shape, generator=generator) for name, v in shapes.items()}


@pytest.fixture(scope="module")
def content(state: dict[str, torch.Tensor]) -> bytes:
    return pickled(state)


def pickled(state: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def publish(project: Project, content: bytes) -> str:
    """Lets the project take these bytes for what upstream publishes; returns the file's stem."""
    path = project.path / "workflow" / "weights" / "imagenet.yaml"
    spec = yaml.safe_load(path.read_text(encoding="utf-8"))
    digits = hashlib.sha256(content).hexdigest()[:8]
    stem = f"{ARCHITECTURE}-{digits}"
    spec["files"][ARCHITECTURE] = {
        "name": f"{stem}.pth", "urls": [f"https://upstream.example.org/{stem}.pth"],
        "bytes": len(content), "exact": False, "sha256": digits,
    }  # fmt: skip
    path.write_text(yaml.safe_dump(spec), encoding="utf-8")
    folder = project.path / "workflow" / "papers" / "pictures"
    folder.mkdir()
    (folder / "paper.yaml").write_text(yaml.safe_dump(PAPER), encoding="utf-8")
    return stem


def config_of(source: str | Path) -> dict[str, Any]:
    return {"papers": ["pictures"], "weights": {"imagenet": {"source": str(source)}}}


def record(project: Project) -> Any:
    (run,) = json.loads((project.path / PART / "run.json").read_text(encoding="utf-8"))
    return run


def test_a_training_starts_from_the_weights_of_a_mirror_or_from_scratch(
    built_project, content, state, tmp_path
):
    project = built_project
    stem = publish(project, content)
    with ArchiveServer({f"pub/{stem}.pth": content}) as mirror:
        config = config_of(f"{mirror.root}/pub")
        result = project.run(f"{PART}/run.json", config=config)
        assert [request.name for request in mirror.requests] == [f"pub/{stem}.pth"]
        assert (result.rules["download_weights"], result.rules["convert_weights"]) == (1, 1)
        # Who downloads is told under which licence, and whom to cite.
        assert "BSD 3-Clause" in result.output and "please cite: Deng J." in result.output
        trained = load_file(project.path / PART / "models" / "repeat0-fold0.safetensors")
        for name, values in state.items():
            same = torch.equal(trained[f"network.{name}"], values)
            assert same != name.startswith("classifier.1."), name
        assert record(project)["initial_weights"] == {
            "weights": "imagenet",
            "file": f"{stem}.pth",
            "sha256": hashlib.sha256(content).hexdigest(),
        }

        # What is fetched is not fetched again, and a touch trains nothing anew.
        os.utime(project.path / "results/tiny/weights/imagenet" / stem)
        os.utime(project.path / CONVERTED)
        assert project.run(f"{PART}/run.json", config=config).did_nothing

    # Other weights are another start.
    given = tmp_path / "given"
    given.mkdir()
    other_state = {**state, "features.0.bias": state["features.0.bias"] + 1}
    (given / f"{stem}.safetensors").write_bytes(save(other_state))
    result = project.run(f"{PART}/run.json", config=config_of(given))
    assert result.rules == {"download_weights": 1, "convert_weights": 1, "train": 1}
    assert record(project)["initial_weights"]["file"] == f"{stem}.safetensors"

    # Without a source the same experiment is another training.
    result = project.run(f"{PART}/run.json", config=config_of("none"))
    assert result.rules == {"train": 1}
    assert record(project)["initial_weights"] == "from scratch"


def test_safetensors_in_a_directory_serve_as_well(project, content, state, tmp_path):
    stem = publish(project, content)
    directory = tmp_path / "given"
    directory.mkdir()
    (directory / f"{stem}.safetensors").write_bytes(save(state))
    project.run(CONVERTED, config=config_of(directory))
    converted = load_file(project.path / CONVERTED)
    assert set(converted) == set(state)
    assert all(torch.equal(converted[name], values) for name, values in state.items())
    origin = json.loads((project.path / CONVERTED).with_suffix(".json").read_text())
    assert origin["file"] == f"{stem}.safetensors"


class Code:
    def __reduce__(self):
        return os.mkdir, ("made-by-the-pickle",)


def test_a_pickle_with_code_fails_the_job_and_is_not_run(project, state):
    content = pickled({**state, "classifier.1.bias": Code()})
    stem = publish(project, content)
    with ArchiveServer({f"{stem}.pth": content}) as mirror:
        result = project.run(CONVERTED, config=config_of(mirror.root), check=False)
    assert result.returncode != 0
    assert "Traceback" not in result.output
    assert (
        f"weights/imagenet/{stem}: holds more than tensors: to read it is to run" in result.output
    )
    assert not (project.path / "made-by-the-pickle").exists()
    assert not (project.path / CONVERTED).exists()
