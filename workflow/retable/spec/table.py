"""Tables and numbers in the text of a paper: what stands in each place, and where it is from."""

from typing import Literal

from pydantic import Field, model_validator

from retable.spec.base import Spec


class Cell(Spec):
    """What a table's row, column and metric contribute to a cell; the three are merged."""

    experiment: str | None = None
    task: str | None = None
    metric: Literal["accuracy", "uar", "macro_f1", "recall", "confusion"] | None = None
    """`recall` is that of one class, `confusion` a number of clips."""
    aggregate: Literal["fold_mean", "pooled"] | None = None
    statistic: Literal["mean", "sd"] | None = None
    """The value itself (the default), or its standard deviation over repeats."""
    repeats: Literal["mean", "best_test", "best_validation"] | None = None
    """The mean over repeats (the default), or the repeat whose accuracy is highest on these clips;
    `variant: clean` takes the best by validation where the paper takes that by test."""
    fold: int | None = Field(default=None, ge=0)
    """This fold alone."""
    target: str | None = None
    """The true class of a confusion, where it is not the name of the row, or the class of a recall,
    where it is not the name of the column."""
    predicted: str | None = None
    """Confusions: the predicted class, where it is not the name of the column."""
    key: str | None = None
    """Tables with a `reading`: what stands for the row, column or metric in its key."""
    percent: bool | None = None
    decimals: int | None = Field(default=None, ge=0)


class Reading(Spec):
    """Where a setting's reproduced value is read: from what was built, never from the paper."""

    source: Literal["model", "feature", "run", "split", "dataset", "manifest", "corpus", "fusion"]
    experiment: str
    """The experiment (`variant: paper`) whose model, feature, runs, split, clips or corpus is read,
    or the fusion whose facts are."""
    input: int = Field(default=0, ge=0)
    """Which of the experiment's inputs, for its feature or split; for its dataset, manifest or
    corpus, which of `Experiment.datasets`."""
    key: str
    """Dotted path in the JSON that describes the source; for the clips of a dataset or of a whole
    manifest, the column."""
    where: dict[str, str] = {}
    """Dataset and manifest only: column -> value of the clips to look at."""
    reduce: Literal["value", "count", "chance", "mean"] = "value"
    """The single value that all clips or runs have, how many distinct ones there are, one over that
    (how often a guess is right), or the mean over clips."""
    decimals: int | None = Field(default=None, ge=0)
    """Of a number; as many as it has when absent, and of a mean as many as the paper prints."""
    scale: float = 1.0
    """Factor to the printed unit."""

    @model_validator(mode="after")
    def _asks_for_what_the_source_has(self) -> "Reading":
        clips = ("dataset", "manifest")
        if self.reduce in ("count", "chance") and self.source not in ("run", *clips):
            raise ValueError(
                f"reduce is {self.reduce}, but a {self.source} is one; count in run, dataset or "
                "manifest"
            )
        if self.reduce == "mean" and self.source not in clips:
            raise ValueError(
                f"reduce is mean, but a {self.source} has no clips; take it of dataset or manifest"
            )
        return self


class RelativeGain(Spec):
    """A row of relative gains: by how many percent one row exceeds another, column by column."""

    of: str
    """A row of the same table."""
    over: str
    metric: str
    """The metric that both rows have, beneath which the gains are shown."""
    printed_as: str
    """The metric under which the paper prints the gains."""
    of_printed: bool = False
    """Of the numbers that the paper prints, not of ours: what should stand in the paper. Such a row
    is one of ours."""


class Table(Spec):
    """A numbered table in the paper's own layout; keys are those of `published.csv`."""

    title: str
    rows: dict[str, Cell]
    columns: dict[str, Cell]
    metrics: dict[str, Cell]
    cells: dict[str, dict[str, Cell]] = {}
    """Row -> column -> what a single cell adds, where row and column together decide."""
    reading: Reading | None = None
    """For tables of settings and counts: where they are read. `{row}`, `{column}` and `{metric}` in
    its key stand for the `key` of the row, column and metric."""
    relative_gains: dict[str, RelativeGain] = {}
    """Row -> the two rows that it compares; it is not among `rows`, and stands after them."""
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

    @property
    def shown(self) -> list[str]:
        """The same, and what a reading is of."""
        return sorted({*self.experiments, *([self.reading.experiment] if self.reading else [])})

    @model_validator(mode="after")
    def _is_read_or_scored(self) -> "Table":
        scored = (self.experiments, self.extra, self.clean, self.relative_gains)
        if self.reading and any(scored):
            raise ValueError(
                "a table with a reading has no experiments, relative_gains, extra or clean rows"
            )
        return self


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


class PrintedNumber(Spec):
    """A number of `published.csv`."""

    table: str
    row: str
    column: str
    metric: str


class Gain(Spec):
    """By how much one result exceeds another, in the unit of the cells or relative to it."""

    of: Cell
    over: Cell | None = None
    over_cited: PrintedNumber | None = None
    """Instead of `over`: a number that the paper cites from elsewhere."""
    relative: bool = False
    """In percent of `over`."""

    @model_validator(mode="after")
    def _has_one_reference(self) -> "Gain":
        if (self.over is None) == (self.over_cited is None):
            raise ValueError("it needs `over` or `over_cited`, and not both")
        return self


class TextRow(Spec):
    """A number in the running text: a result cell, the gain of one result over another, a setting
    read from what was built, the best value of a parameter, or none of them for a value that the
    paper cites from elsewhere.
    """

    row: str
    column: str
    metric: str
    cell: Cell | None = None
    gain: Gain | None = None
    setting: Reading | None = None
    best: Best | None = None

    @property
    def result_cells(self) -> list[Cell]:
        """The cells that scores are needed for."""
        cells = [self.cell, *([self.gain.of, self.gain.over] if self.gain else [])]
        return [cell for cell in cells if cell is not None]

    @model_validator(mode="after")
    def _has_one_origin(self) -> "TextRow":
        given = [name for name in ("cell", "gain", "setting", "best") if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"it has a {' and a '.join(given)}; keep one")
        return self
