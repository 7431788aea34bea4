"""Papers: experiments, tables and figures as data (`workflow/papers/<paper>/paper.yaml`)."""

from typing import Literal

from pydantic import Field, model_validator

from retable.spec.base import Spec
from retable.spec.feature import Feature
from retable.spec.figure import Figure
from retable.spec.model import Model
from retable.spec.split import Split
from retable.spec.training import Training
from retable.spec.variant import VariantName

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
    folds: tuple[int, ...] | None = Field(default=None, min_length=1)
    """The folds that are run; all when absent."""
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
    cells: dict[str, dict[str, Cell]] = {}
    """Row -> column -> what a single cell adds, where row and column together decide."""
    extra: tuple[str, ...] = ()
    """Rows of ours, which the paper does not print."""
    row_title: str = ""
    row_titles: dict[str, str] = {}
    """Row key -> heading, where the two differ."""
    column_titles: dict[str, str] = {}
    metric_titles: dict[str, str] = {}
    clean: tuple[str, ...] = ()
    """Rows whose `variant: clean` is printed beside."""

    @property
    def experiments(self) -> list[str]:
        """Every experiment that a row, column or metric names, sorted."""
        single = [cell for row in self.cells.values() for cell in row.values()]
        cells = [*self.rows.values(), *self.columns.values(), *self.metrics.values(), *single]
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


class Best(Spec):
    """Which value of a parameter is best: that of the experiment whose cell is highest.

    Where several are equally high, it is the smallest of their values, and the note names the rest.
    """

    figure: str
    """A figure of kind `metric_by_parameter`, whose experiments and parameter are compared."""
    cell: Cell
    """Task, metric and aggregate; its experiment is each of the figure's in turn."""

    @model_validator(mode="after")
    def _compares_one_metric(self) -> "Best":
        if not self.cell.task or self.cell.metric in (None, "confusion") or self.cell.experiment:
            raise ValueError("its cell needs a task and a metric other than confusion, no more")
        return self


class TextRow(Spec):
    """A number in the running text: a result cell, a setting read from what was built, the best
    value of a parameter, or none of them for a value that the paper cites from elsewhere.
    """

    row: str
    column: str
    metric: str
    cell: Cell | None = None
    setting: Reading | None = None
    best: Best | None = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> "TextRow":
        given = [name for name in ("cell", "setting", "best") if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"it has a {' and a '.join(given)}; keep one")
        return self


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
