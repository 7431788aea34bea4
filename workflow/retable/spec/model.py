"""Models: networks (trained by the engine) and baselines (fitted by scikit-learn)."""

from typing import Annotated, Literal

from pydantic import Field

from retable.spec.base import Spec

Activation = Literal["tanh", "sigmoid", "relu", "4sigmoid-2"]


class Stem(Spec):
    """The first convolution and pooling."""

    filters: int
    kernel: int
    stride: int
    pool: int
    """Max-pooling kernel; its stride is 2. 0 leaves the pooling out."""


class GatedResNet(Spec):
    """Gated residual network and its comparators (gresnets, sections 4 and 5.2, Fig. 10)."""

    kind: Literal["gresnet"]
    block: Literal["gated", "residual", "plain"]
    """F1(x) * F2(x) + Mx (equation 8), F2(F1(x)) + Mx (equation 6), or F2(F1(x))."""
    f1: Activation
    f2: Activation
    kernel1: int
    kernel2: int
    filters: tuple[int, ...]
    """One entry a block; cut, or its last entry repeated, to `depth` blocks."""
    depth: int = Field(ge=1)
    stem: Stem
    pooling: Literal["average", "grid"]
    """What precedes the fully connected layer: global average, or a 4 x 4 grid of averages."""
    hidden: int
    """Width of the shared fully connected layer."""
    dropout: float = Field(default=0.0, ge=0, lt=1)


class SupportVectorMachine(Spec):
    """RBF support vector machine on standardised features."""

    kind: Literal["svm"]
    c: float
    gamma: float | Literal["scale", "auto"]
    multitask: Literal["none", "shared_pca", "joint_labels"]
    """One machine a task on its own; one a task on a shared PCA; one on the product of labels."""
    components: float = Field(default=0.99, gt=0)
    """Variance (below 1) or number of components that the shared PCA keeps."""


Network = GatedResNet
Baseline = SupportVectorMachine
Model = Annotated[GatedResNet | SupportVectorMachine, Field(discriminator="kind")]
