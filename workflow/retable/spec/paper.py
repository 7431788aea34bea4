"""Papers: experiments, tables and figures as data (`workflow/papers/<paper>/paper.yaml`)."""

from typing import Literal

from pydantic import Field, model_validator

from retable.spec.base import Size, Spec
from retable.spec.feature import Feature
from retable.spec.figure import Figure
from retable.spec.model import Model
from retable.spec.split import Split
from retable.spec.table import Table, TextRow
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
    embed: bool = False
    """Whether the embeddings of all clips are kept, for verifications."""
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


class Verification(Spec):
    """Whether two clips are of one speaker, decided by the runs of an experiment, in one variant
    (vggvox_mtl, section 6).

    The pairs are of clips that the runs test: speakers that they have never heard.
    """

    paper: str
    verification: str
    variant: VariantName
    title: str
    experiment: str
    """Whose runs of `variant: paper` decide."""
    task: str
    """The task whose classes are the speakers."""
    decision: Literal["same_class", "cosine"]
    """When two clips are of one speaker: where the network takes both for the same of its classes,
    or where the cosine of their embeddings exceeds a threshold, at which the two kinds of errors
    are equally frequent among pairs of training clips."""
    pairs: Size
    """Pairs of each run, of which half are of one speaker."""
    seed: int
    """Of the pairs, which are the same for all experiments on one split."""

    @property
    def subject(self) -> str:
        """What checks call it."""
        return f"{self.paper}, {self.verification} {self.variant}"

    @property
    def members(self) -> tuple[str, ...]:
        """The experiment, as a fusion has several."""
        return (self.experiment,)

    @model_validator(mode="after")
    def _has_as_many_of_each(self) -> "Verification":
        if self.pairs % 2:
            raise ValueError(f"pairs is {self.pairs}, and half are of one speaker; make it even")
        return self


Derived = Fusion | Verification
"""What is scored without a training of its own, from the predictions of its members' runs."""

Scored = Experiment | Derived
"""What has scores."""


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
    verifications: dict[str, dict[str, Verification]] = {}
    """Verification -> variant -> its resolved spec; nor has one of these."""
    tables: dict[str, Table]
    removed_tables: tuple[str, ...] = ()
    """Those of `paper.yaml`, `text` among them, that overrides remove."""
    text: tuple[TextRow, ...]
    figures: dict[str, Figure]

    @property
    def scored_names(self) -> list[str]:
        """Names of all that can have scores."""
        return [*self.experiments, *self.fusions, *self.verifications]
