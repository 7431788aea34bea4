"""Models: networks (trained by the engine) and baselines (fitted by scikit-learn)."""

from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import Field, model_validator

from retable.spec.base import Size, Spec

Activation = Literal["tanh", "sigmoid", "relu", "4sigmoid-2"]


class Stem(Spec):
    """The first convolution and pooling."""

    filters: Size
    kernel: Size
    stride: Size
    pool: int = Field(ge=0)
    """Max-pooling kernel; its stride is 2. 0 leaves the pooling out."""


class GatedResNet(Spec):
    """Gated residual network and its comparators (gresnets, sections 4 and 5.2, Fig. 10)."""

    kind: Literal["gresnet"]
    block: Literal["gated", "residual", "plain"]
    """F1(x) * F2(x) + Mx (equation 8), F2(F1(x)) + Mx (equation 6), or F2(F1(x))."""
    f1: Activation
    f2: Activation
    kernel1: Size
    kernel2: Size
    filters: tuple[Size, ...]
    """One entry a block; cut, or its last entry repeated, to `depth` blocks."""
    depth: Size
    stem: Stem
    pooling: Literal["average", "grid"]
    """What precedes the fully connected layer: global average, or a 4 x 4 grid of averages."""
    hidden: Size
    """Width of the shared fully connected layer."""
    dropout: float = Field(default=0.0, ge=0, lt=1)


class BranchedVGG(Spec):
    """VGG-style network with a branch a task, and its fusion for one task (mixup_mtl, section II).

    Layers 1 to 10 are shared by all branches; a branch has layers 11 to 16.
    """

    kind: Literal["branched_vgg"]
    form: Literal["branched", "fused"]
    """One output a branch (Figs. 1 to 3), or one output on all branches (Fig. 4)."""
    branches: dict[str, int] = {}
    """Fused only: task -> classes of the branches; else the tasks of the experiment."""
    alpha: dict[str, float] = {}
    """Task -> share of a branch's own layer 14 in the input of its layer 15 (equations 4 and 5);
    the other branch has the rest. Without, branches are not connected."""
    widths: tuple[Size, Size, Size]
    """Filters of layers 1-2, 4-5 and 7-9."""
    head: Size
    """Filters of layers 11 and 13."""
    dropout: float = Field(ge=0, lt=1)
    """Layers 12 and 14."""
    batch_norm: bool
    """After the convolutions but layer 15."""
    output_bias: float = 0.5
    """Initial bias of layer 15. The logits come out of its ReLU, so that a patch whose map of its
    own class is zero at every position does nothing to raise it. Without a bias half of all
    positions start there, with 0.5 a third."""
    fuse_input: Literal["flatten", "gap"] = "flatten"
    """Fused only: what of layer 15 the fully connected layers see."""
    fused_units: Size = 1024
    """Fused only: neurons of the fully connected layer on each branch."""

    def task_faults(self, tasks: Collection[str]) -> list[str]:
        """What does not fit an experiment with these tasks."""
        branches = sorted(self.branches or tasks)
        faults = []
        if self.alpha and (sorted(self.alpha) != branches or len(branches) != 2):
            faults.append(
                f"alpha names {', '.join(sorted(self.alpha))}, the branches are "
                f"{', '.join(branches)}; expected the same two tasks"
            )
        if self.form == "fused" and len(tasks) != 1:
            faults.append(
                f"form is fused, and the experiment has the tasks {', '.join(sorted(tasks))}; "
                "expected one task"
            )
        return faults

    @model_validator(mode="after")
    def _fits_its_form(self) -> "BranchedVGG":
        if (self.form == "fused") != bool(self.branches):
            raise ValueError("branches: named for the form fused, and for no other")
        for task, share in self.alpha.items():
            if not 0 < share < 1:
                raise ValueError(f"alpha.{task}: {share} is not between 0 and 1")
        return self


class WaveformLayer(Spec):
    """A convolution over time, ReLU, max pooling and dropout (cabcnn, Table 2)."""

    filters: Size
    kernel: Size
    pool: Size
    """Max-pooling kernel."""
    stride: Size
    """That of the pooling; the convolution's is 1."""
    dropout: float = Field(default=0.0, ge=0, lt=1)


class ClassifierAttention(Spec):
    """CAB-CNN: many small classifiers, weighted by attention at every step (cabcnn, section 3)."""

    kind: Literal["classifier_attention"]
    layers: tuple[WaveformLayer, ...] = Field(min_length=1)
    classifiers: Size
    classifier_units: tuple[Size, ...]
    """Widths of the fully connected layers of a classifier before its softmax layer."""
    attention_units: tuple[Size, ...]
    """The same for the attention unit."""
    pooling: Literal["mean", "sum"]
    """Over steps: the unweighted average (Fig. 1) or the sum (its equation)."""
    clips_at_once: Size | None = None
    """Clips whose convolutions are in memory at once during training: each such chunk is computed
    again for its gradient. All when absent: without dropout, results agree but for rounding; with
    it, each chunk draws what it drops for itself."""


class BandAttention(Spec):
    """AttentionCNN, a reconstruction: attention over frequency bands of a spectrogram image."""

    kind: Literal["band_attention"]
    bands: Size
    """Bands of equal height; one network sees each of them."""
    filters: tuple[Size, ...] = Field(min_length=1)
    """Of the 3 x 3 convolutions; max pooling follows each."""
    hidden: Size
    """Width of the fully connected layer before the classifier."""
    dropout: float = Field(default=0.0, ge=0, lt=1)


Architecture = Literal[
    "alexnet", "vgg11", "resnet18", "squeezenet1_0", "densenet121", "densenet161"
]
"""Networks of torchvision, by its names."""


class DenseBlocks(Spec):
    """Sizes of a smaller DenseNet."""

    growth: Size
    """Feature maps that each layer adds."""
    layers: tuple[Size, Size, Size, Size]
    """Layers of each block."""
    stem: Size
    """Filters of the first convolution."""


class TorchvisionNetwork(Spec):
    """A network of torchvision, from scratch or from weights that it has learnt on ImageNet."""

    kind: Literal["torchvision"]
    architecture: Architecture
    weights: Literal["none", "imagenet"] = "none"
    """Initial weights of all but the last layer, where `config.yaml` has a source of them."""
    hidden: Size | None = None
    """Width of the two fully connected layers of AlexNet and VGG; the original's when absent."""
    dense: DenseBlocks | None = None
    """Sizes of a DenseNet; the original's when absent."""

    @property
    def is_original(self) -> bool:
        """Whether its layers have the sizes that published weights are for."""
        return self.hidden is None and self.dense is None

    @model_validator(mode="after")
    def _has_the_layers_that_it_sizes(self) -> "TorchvisionNetwork":
        if self.hidden is not None and self.architecture not in ("alexnet", "vgg11"):
            raise ValueError(
                f"hidden is {self.hidden}, and {self.architecture} has no such layers; leave it out"
            )
        if self.dense is not None and not self.architecture.startswith("densenet"):
            raise ValueError(
                f"dense is for a DenseNet, and this is {self.architecture}; leave it out"
            )
        return self


class VGGVox(Spec):
    """VGGVox, a head a task on its shared layers (vggvox_mtl, Table 1).

    Kernels, strides and poolings are those of the table.
    """

    kind: Literal["vggvox"]
    filters: tuple[Size, Size, Size, Size, Size]
    """Of conv1 to conv5: the paper's third has 256, that of VGGVox 384."""
    hidden: tuple[Size, Size]
    """Neurons of fc6 and fc7."""
    batch_norm: bool
    """After every layer but the heads."""


class SupportVectorMachine(Spec):
    """RBF support vector machine on standardised features."""

    kind: Literal["svm"]
    c: float
    gamma: float | Literal["scale", "auto"]
    multitask: Literal["none", "shared_pca", "joint_labels"]
    """One machine a task on its own; one a task on a shared PCA; one on the product of labels."""
    components: float = Field(default=0.99, gt=0)
    """Variance (below 1) or number of components that the shared PCA keeps."""


Baseline = SupportVectorMachine
Model = Annotated[
    GatedResNet
    | BranchedVGG
    | ClassifierAttention
    | BandAttention
    | TorchvisionNetwork
    | VGGVox
    | SupportVectorMachine,
    Field(discriminator="kind"),
]
