"""What the numbers of a paper's tables are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from retable.evaluation.scoring import read_confusion, read_scores
from retable.spec.paper import Comparability

Sources = Mapping[str, Mapping[str, Sequence[Path]]]
"""Experiment or fusion -> source -> its files: of `run` one for each part, of `model` and `fusion`
a single one, of every other source one for each input of the experiment."""


@dataclass(frozen=True)
class ExperimentScores:
    """Scores and confusions of one experiment, fusion or verification, all variants and roles."""

    scores: pd.DataFrame
    confusion: pd.DataFrame | None
    source: str
    """The file, for messages."""


@dataclass(frozen=True)
class Results:
    """Scores, built files and gaps behind a table or the text of a paper."""

    source: str
    """The paper and table, for messages."""
    comparability: Comparability
    """What verdicts the audio allows."""
    scores: Mapping[str, ExperimentScores]
    """Scores of every experiment, fusion and verification that a number is made from."""
    sources: Sources = field(default_factory=dict)
    """Files that settings and counts are read from."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Experiment, fusion or verification without its data -> the steps to obtain it; it needs no
    scores."""


def read_experiment_scores(
    scores: Mapping[str, Path], confusions: Mapping[str, Path]
) -> dict[str, ExperimentScores]:
    """Read the files of `score_experiment`, by what is scored; confusions only where given."""
    return {
        experiment: ExperimentScores(
            scores=read_scores(path),
            confusion=read_confusion(confusions[experiment]) if experiment in confusions else None,
            source=str(path),
        )
        for experiment, path in scores.items()
    }


def source_paths(built: Mapping[str, Mapping[str, Sequence[str]]]) -> Sources:
    """The same with paths: what a rule's parameters say of the files that were built."""
    return {
        name: {source: [Path(file) for file in files] for source, files in by_source.items()}
        for name, by_source in built.items()
    }
