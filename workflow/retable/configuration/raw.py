"""Papers as `paper.yaml` writes them, before names are looked up."""

from typing import Any

from pydantic import Field

from retable.spec.base import Spec
from retable.spec.figure import Figure
from retable.spec.paper import Pooling, Standardise
from retable.spec.table import Table, TextRow
from retable.spec.training import WarmStart


class RawInput(Spec):
    """The clips of one dataset, with names for what they are given to a network as."""

    dataset: str
    tasks: tuple[str, ...] = Field(min_length=1)
    feature: str
    split: str
    standardise: Standardise = "none"


class RawExperiment(Spec):
    """An experiment, but for its inputs."""

    title: str
    model: str | dict[str, Any]
    training: str | dict[str, Any] | None = None
    warm_start: WarmStart | None = None
    pooling: Pooling = "mean"
    predict_train: bool = False
    embed: bool = False
    repeats: int = 1
    folds: tuple[int, ...] | None = None
    runs_per_part: int = 1
    variants: dict[str, dict[str, Any]] = {}
    """Laid over the rest before that is validated: here for who misspells it."""

    def named_inputs(self) -> dict[str, RawInput]:
        """Key of each input, in their order."""
        raise NotImplementedError


class OneInput(RawExperiment, RawInput):
    """An experiment on one dataset, whose fields stand beside the others."""

    def named_inputs(self) -> dict[str, RawInput]:
        """The only input, under an empty key."""
        fields = self.model_dump(include=set(RawInput.model_fields))
        return {"": RawInput.model_validate(fields)}


class SeveralInputs(RawExperiment):
    """An experiment on several datasets."""

    inputs: dict[str, RawInput] = Field(min_length=2)

    def named_inputs(self) -> dict[str, RawInput]:
        """The inputs as they are written."""
        return self.inputs


class RawPaper(Spec):
    """A paper with sweeps expanded and overrides applied."""

    paper: str
    title: str
    citation: str
    analogue: str = ""
    features: dict[str, dict[str, Any]]
    splits: dict[str, dict[str, Any]]
    models: dict[str, dict[str, Any]]
    trainings: dict[str, dict[str, Any]] = {}
    experiments: dict[str, dict[str, Any]]
    fusions: dict[str, dict[str, Any]] = {}
    verifications: dict[str, dict[str, Any]] = {}
    tables: dict[str, Table] = {}
    text: dict[str, TextRow] = {}
    """`row / column / metric` -> what stands there."""
    figures: dict[str, Figure] = {}
