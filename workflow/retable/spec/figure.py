"""Figures: what is drawn, and from which experiments."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from retable.spec.base import Spec
from retable.spec.variant import VariantName

Drawn = Literal[
    "confusions",
    "histories",
    "scores",
    "examples",
    "patches",
    "attention",
    "fusion_sizes",
    "verified_runs",
]
"""Files of an experiment, fusion or verification that a figure is drawn from."""


class _Figure(Spec):
    """What every kind of figure has."""

    draws: ClassVar[Drawn]
    title: str
    caption: str = ""
    """Stands under the figure on the page; not drawn."""
    experiments: tuple[str, ...] = Field(min_length=1)
    variant: VariantName = "paper"

    def drawn_text(self) -> str:
        """Text that stands for what is drawn: an edited caption changes the page alone."""
        return self.model_copy(update={"caption": ""}).canonical()


class ConfusionMatrices(_Figure):
    """One confusion matrix an experiment, pooled over folds and, unless one is chosen, repeats."""

    draws: ClassVar[Drawn] = "confusions"
    kind: Literal["confusion_matrix"]
    task: str
    repeats: Literal["pooled", "best_test", "best_validation"] = "pooled"
    """All of them, or the one with the highest accuracy on these clips; `variant: clean` is never
    chosen on test clips."""


class LearningCurves(_Figure):
    """Loss and accuracy by epoch."""

    draws: ClassVar[Drawn] = "histories"
    kind: Literal["learning_curves"]
    task: str


class MetricByParameter(_Figure):
    """A metric of each task against a number that the experiments differ in."""

    draws: ClassVar[Drawn] = "scores"
    kind: Literal["metric_by_parameter"]
    tasks: tuple[str, ...] = Field(min_length=1)
    parameter: str
    """Dotted path in an experiment's spec: `model.depth`."""
    parameter_title: str
    metric: Literal["accuracy", "uar", "macro_f1"] = "accuracy"
    role: Literal["validation", "test"] = "test"


class MetricByRun(_Figure):
    """A metric of every single run, so that one sees how much seeds alone make of it."""

    draws: ClassVar[Drawn] = "scores"
    kind: Literal["metric_by_run"]
    task: str
    metric: Literal["accuracy", "uar", "macro_f1"] = "accuracy"


class RocCurves(_Figure):
    """How often verifications take two speakers for one, against how often they know one;
    `experiments` names verifications.
    """

    draws: ClassVar[Drawn] = "verified_runs"
    kind: Literal["roc"]


class AccuracyByFused(_Figure):
    """Accuracy against the number of fused classifiers; `experiments` names fusions."""

    draws: ClassVar[Drawn] = "fusion_sizes"
    kind: Literal["accuracy_by_fused"]


class MixedPatches(_Figure):
    """Patches of the two inputs of an experiment and their mixture, as its network sees them."""

    draws: ClassVar[Drawn] = "patches"
    kind: Literal["mixed_patches"]
    experiments: tuple[str, ...] = Field(min_length=1, max_length=1)
    pairs: tuple[tuple[str, str], ...] = Field(min_length=1)
    """Classes of the first task of either input: the first training clip of each, by clip_id."""
    channel: str
    """Channel of the first input's patches."""


class AttentionOverTime(_Figure):
    """What the first run of a network attends to in a clip of each class, step by step."""

    draws: ClassVar[Drawn] = "attention"
    kind: Literal["attention"]
    experiments: tuple[str, ...] = Field(min_length=1, max_length=1)
    classes: tuple[str, ...] = Field(min_length=1)
    """Classes of the experiment's first task: the first test clip of each, by clip_id."""


class Band(Spec):
    """A range of frequencies."""

    low_hz: float = Field(ge=0)
    high_hz: float


class ExampleClips(Spec):
    """The clips that stand for the classes of a column, and whether levels go with them."""

    by: str
    classes: tuple[str, ...]
    where: dict[str, str] = {}
    each: dict[str, dict[str, str]] = {}
    levels: bool = False
    waveforms: bool = False


class Spectrograms(_Figure):
    """A clip of each class as a spectrogram; the clips and the transform are the experiment's."""

    draws: ClassVar[Drawn] = "examples"
    kind: Literal["spectrograms"]
    experiments: tuple[str, ...] = Field(min_length=1, max_length=1)
    by: str
    """Manifest column with a panel a class."""
    classes: tuple[str, ...] = Field(min_length=1)
    where: dict[str, str] = {}
    """Column -> value of the clips to choose from; the first by clip_id is shown."""
    each: dict[str, dict[str, str]] = {}
    """Class -> what is laid over `where` for it alone."""
    waveforms: bool = False
    """Shows the samples of each clip above its spectrogram."""
    level_band: Band | None = None
    """Adds the mean level by frequency over all clips of each class, and compares the first two
    classes in this band and beside it."""

    def example_clips(self) -> ExampleClips:
        """The part that says which audio is looked at: no words, and no bounds of the band."""
        return ExampleClips(
            by=self.by,
            classes=self.classes,
            where=self.where,
            each=self.each,
            levels=self.level_band is not None,
            waveforms=self.waveforms,
        )


Figure = Annotated[
    ConfusionMatrices
    | LearningCurves
    | MetricByParameter
    | MetricByRun
    | RocCurves
    | Spectrograms
    | AccuracyByFused
    | AttentionOverTime
    | MixedPatches,
    Field(discriminator="kind"),
]
