"""Papers: experiments, tables and figures as data (`workflow/papers/<paper>/paper.yaml`)."""

from typing import Literal

from pydantic import Field

from retable.spec.base import Spec
from retable.spec.feature import Feature
from retable.spec.model import Model
from retable.spec.split import Split
from retable.spec.training import Training

VariantName = Literal["paper", "clean"]

Comparability = Literal["comparable", "simulated", "partial"]
"""Whether the audio behind a result allows a verdict against the paper."""


class Experiment(Spec):
    """Runs over repeats and folds of one model on one dataset, in one variant; all resolved."""

    paper: str
    experiment: str
    variant: VariantName
    title: str
    dataset: str
    """`<corpus>-<dataset>`, as the corpus' YAML names it."""
    tasks: tuple[str, ...] = Field(min_length=1)
    feature_name: str
    feature: Feature
    split_name: str
    split: Split
    model: Model
    training: Training | None = None
    """Networks only."""
    repeats: int = Field(default=1, ge=1)
    runs_per_part: int = Field(default=1, ge=1)
    """Runs that one job trains."""


class Cell(Spec):
    """What a table's row, column and metric contribute to a cell; the three are merged."""

    experiment: str | None = None
    task: str | None = None
    metric: Literal["accuracy", "uar", "macro_f1", "confusion"] | None = None
    aggregate: Literal["fold_mean", "pooled"] | None = None
    percent: bool | None = None
    decimals: int | None = None


class Table(Spec):
    """A numbered table in the paper's own layout; keys are those of `published.csv`."""

    title: str
    rows: dict[str, Cell]
    columns: dict[str, Cell]
    metrics: dict[str, Cell]
    row_title: str = ""
    column_titles: dict[str, str] = {}
    """Column key -> heading, where the two differ."""
    metric_titles: dict[str, str] = {}
    clean: tuple[str, ...] = ()
    """Rows whose `variant: clean` is printed beside."""

    @property
    def experiments(self) -> list[str]:
        """Every experiment that a row, column or metric names, sorted."""
        cells = [*self.rows.values(), *self.columns.values(), *self.metrics.values()]
        return sorted({cell.experiment for cell in cells if cell.experiment})


class Reading(Spec):
    """Where a setting's reproduced value is read: from what was built, never from the paper."""

    source: Literal["model", "feature", "run", "split", "manifest"]
    experiment: str
    """The experiment (`variant: paper`) whose model, feature, run, split or corpus is read."""
    key: str
    """Dotted path in the JSON that describes the source; for a manifest, the column."""
    where: dict[str, str] = {}
    """Manifest only: column -> value of the clips to look at."""
    reduce: Literal["value", "count"] = "value"
    """Manifest only: the single value that the column holds, or how many distinct ones."""
    scale: float = 1.0
    """Factor to the printed unit."""


class TextRow(Spec):
    """A number in the running text: a result cell, a setting read from what was built, or neither
    for a value that the paper cites from elsewhere.
    """

    row: str
    column: str
    metric: str
    cell: Cell | None = None
    setting: Reading | None = None


class Figure(Spec):
    """A figure drawn from predictions or histories."""

    kind: Literal["confusion_matrix", "learning_curves"]
    title: str
    caption: str
    experiments: tuple[str, ...] = Field(min_length=1)
    task: str
    variant: VariantName = "paper"


class Paper(Spec):
    """One paper with every experiment resolved."""

    paper: str
    title: str
    citation: str
    experiments: dict[str, dict[str, Experiment]]
    """Experiment -> variant -> its resolved spec."""
    tables: dict[str, Table]
    text: tuple[TextRow, ...]
    figures: dict[str, Figure]
