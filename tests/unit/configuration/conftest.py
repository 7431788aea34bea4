import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from repository import WORKFLOW
from retable.configuration.merging import merged
from retable.configuration.project import Project, read_project
from retable.errors import ConfigError

PAPER = """
paper: waves
title: Waves
citation: Nobody (2026)
features:
  stft: {kind: spectrogram, sample_rate: 48000, window: 64, hop: 32, window_function: hann,
         frames: 16, time_fit: pad, scale: log, normalise: clip}
splits:
  folds: {kind: kfold, folds: 5, seed: 1}
  actor_folds: {kind: kfold, folds: 5, seed: 1, group: speaker}
models:
  small:
    kind: gresnet
    block: gated
    f1: tanh
    f2: tanh
    kernel1: 1
    kernel2: 3
    filters: [8]
    depth: 2
    stem: {filters: 8, kernel: 3, stride: 2, pool: 0}
    pooling: average
    hidden: 16
  svm: {kind: svm, c: 1.0, gamma: scale, multitask: none}
trainings:
  adam: {epochs: 3, batch_size: 8, optimizer: adam, learning_rate: 0.001}
experiments:
  NET:
    title: A network
    dataset: ravdess-dogs
    tasks: [emotion]
    feature: stft
    split: folds
    model: small
    training: adam
"""


@pytest.fixture
def workflow(tmp_path) -> Path:
    """The repository's scales and corpora, and one small paper, `waves`."""
    folder = tmp_path / "workflow"
    shutil.copytree(WORKFLOW / "corpora", folder / "corpora")
    for scale, source in {"small": "simulated", "large": "upstream"}.items():
        write_yaml(
            folder / "scales" / f"{scale}.yaml",
            {"scale": scale, "description": f"{scale} builds", "source": source},
        )
    write_yaml(folder / "papers" / "waves" / "paper.yaml", yaml.safe_load(PAPER))
    return folder


def write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(dict(content), sort_keys=False), encoding="utf-8")


@pytest.fixture
def edit(workflow) -> Callable[..., None]:
    """Lays fields over a YAML file of the workflow: `edit("papers/waves/paper.yaml", …)`."""

    def edit_file(name: str, **changes: Any) -> None:
        path = workflow / name
        write_yaml(path, merged(yaml.safe_load(path.read_text()), changes, keep_nulls=True))

    return edit_file


@pytest.fixture
def read(workflow) -> Callable[..., Project]:
    """Reads the project of a configuration, `scale: small, papers: [waves]` and what is given."""

    def read_configuration(**changes: Any) -> Project:
        return read_project({"scale": "small", "papers": ["waves"], **changes}, workflow)

    return read_configuration


@pytest.fixture
def faults(read) -> Callable[..., list[str]]:
    """The faults that reading a configuration reports."""

    def faults_of_configuration(**changes: Any) -> list[str]:
        with pytest.raises(ConfigError) as raised:
            read(**changes)
        return raised.value.faults

    return faults_of_configuration
