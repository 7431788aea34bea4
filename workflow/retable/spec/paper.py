"""Papers: experiments, tables and figures as data (`workflow/papers/<paper>/paper.yaml`)."""

from typing import Literal

from pydantic import Field, model_validator

from retable.spec.base import Spec
from retable.spec.feature import Feature
from retable.spec.figure import Figure
from retable.spec.model import Model
from retable.spec.split import Split
from retable.spec.training import Training, WarmStart
from retable.spec.variant import VariantName

StandardiseBy = Literal["band", "band_and_channel"]
"""One mean and deviation a band, over all channels, or one a band of each channel."""

Standardise = Literal["none", StandardiseBy]
"""Zero mean and unit variance over the training clips, and over what; or features as stored."""

Pooling = Literal["mean", "majority"]
"""From segments to a clip: the highest mean score, or the class that most segments decide for
(equals: the higher summed score)."""

Average = Literal["probability", "logit"]
"""What of the classifiers of a fusion is averaged."""

Comparability = Literal[
    "comparable", "simulated", "partial", "analogue", "simulated analogue", "partial analogue"
]
"""Whether a verdict against the paper is possible: not on simulated audio, not on a part of a
corpus, and not where the paper's own data are not to be had (`Paper.analogue`)."""


class Input(Spec):
    """The clips of one dataset: what is predicted of them, from what, and how they are split."""

    dataset: str
    """`<corpus>-<dataset>`, as the corpus' YAML names it."""
    tasks: tuple[str, ...] = Field(min_length=1)
    feature_name: str
    feature: Feature
    split_name: str
    split: Split
    standardise: Standardise = "none"

    @property
    def datasets(self) -> tuple[str, ...]:
        """Its dataset, and those of the extra clips that its split trains on."""
        return (self.dataset, *self.split.extra_datasets)


class Experiment(Spec):
    """Runs over repeats and folds of one model, in one variant; all resolved."""

    paper: str
    experiment: str
    variant: VariantName
    title: str
    inputs: tuple[Input, ...] = Field(min_length=1)
    """One, or the two that `training.mixup` joins."""
    model: Model
    training: Training | None = None
    """Networks only."""
    warm_start: WarmStart | None = None
    pooling: Pooling = "mean"
    predict_train: bool = False
    """Whether training clips are predicted too, for fusions that look at them."""
    repeats: int = Field(default=1, ge=1)
    folds: tuple[int, ...] | None = Field(default=None, min_length=1)
    """The folds that are run; all when absent."""
    runs_per_part: int = Field(default=1, ge=1)
    """Runs that one job trains."""

    @property
    def subject(self) -> str:
        """What checks call it."""
        return f"{self.paper}, {self.experiment} {self.variant}"

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks of all inputs."""
        return tuple(task for one in self.inputs for task in one.tasks)

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets of all inputs."""
        return tuple(dataset for one in self.inputs for dataset in one.datasets)

    @property
    def run_folds(self) -> tuple[int, ...]:
        """The folds that are run; all inputs have them."""
        return self.folds or tuple(range(min(one.split.folds for one in self.inputs)))


class Fusion(Spec):
    """Late fusion of trained classifiers, in one variant: from their prediction files alone."""

    paper: str
    fusion: str
    variant: VariantName
    title: str
    task: str
    members: tuple[str, ...] = Field(min_length=1)
    """Experiments; a classifier is one run of theirs."""
    members_variant: VariantName = "paper"
    """Of which variant the members' runs are."""
    folds: Literal["together", "apart"]
    """Whether classifiers of different folds are fused with each other."""
    repeats: Literal["together", "combinations"] = "together"
    """All repeats of all members at once, or every combination of one repeat of each member."""
    other_roles: bool = False
    """Classifiers of different folds are fused although each was trained or validated on clips
    that others are tested on: the result is optimistic, and the audit says by how many clips."""
    average: Average = "probability"
    pooling: Pooling = "majority"

    @property
    def subject(self) -> str:
        """What checks call it."""
        return f"{self.paper}, {self.fusion} {self.variant}"


class Cell(Spec):
    """What a table's row, column and metric contribute to a cell; the three are merged."""

    experiment: str | None = None
    task: str | None = None
    metric: Literal["accuracy", "uar", "macro_f1", "confusion"] | None = None
    aggregate: Literal["fold_mean", "pooled"] | None = None
    statistic: Literal["mean", "sd"] | None = None
    """The value itself (the default), or its standard deviation over repeats."""
    repeats: Literal["mean", "best_test", "best_validation"] | None = None
    """The mean over repeats (the default), or the repeat whose accuracy is highest on these clips;
    `variant: clean` takes the best by validation where the paper takes that by test."""
    fold: int | None = Field(default=None, ge=0)
    """This fold alone."""
    target: str | None = None
    """Confusions: the true class, where it is not the name of the row."""
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
    reduce: Literal["value", "count", "mean"] = "value"
    """The single value that all clips or runs have, how many distinct ones there are, or the mean
    over clips."""
    decimals: int | None = Field(default=None, ge=0)
    """Of a mean."""
    scale: float = 1.0
    """Factor to the printed unit."""

    @model_validator(mode="after")
    def _asks_for_what_the_source_has(self) -> "Reading":
        clips = ("dataset", "manifest")
        if self.reduce == "count" and self.source not in ("run", *clips):
            raise ValueError(
                f"reduce is count, but a {self.source} is one; count in run, dataset or manifest"
            )
        if self.reduce == "mean" and self.source not in clips:
            raise ValueError(
                f"reduce is mean, but a {self.source} has no clips; take it of dataset or manifest"
            )
        if self.decimals is not None and self.reduce != "mean":
            raise ValueError(
                f"decimals are those of a mean, and reduce is {self.reduce}; drop them"
            )
        return self


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
        if self.reading and (self.experiments or self.extra or self.clean):
            raise ValueError("a table with a reading has no experiments, extra or clean rows")
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
    """By how much one result exceeds another, in the unit of the cells."""

    of: Cell
    over: Cell | None = None
    over_cited: PrintedNumber | None = None
    """Instead of `over`: a number that the paper cites from elsewhere."""

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


class Paper(Spec):
    """One paper with every experiment resolved."""

    paper: str
    title: str
    citation: str
    analogue: str = ""
    """Why no result can be held against the paper's, whatever the audio, in a sentence."""
    experiments: dict[str, dict[str, Experiment]]
    """Experiment -> variant -> its resolved spec."""
    fusions: dict[str, dict[str, Fusion]] = {}
    """Fusion -> variant -> its resolved spec; no experiment has its name."""
    tables: dict[str, Table]
    text: tuple[TextRow, ...]
    figures: dict[str, Figure]
