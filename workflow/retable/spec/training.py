"""Training: how the weights of a network come about."""

from typing import Literal

from pydantic import Field

from retable.spec.base import Spec


class Training(Spec):
    """One training schedule of the engine."""

    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=2)
    optimizer: Literal["adam", "adamw", "sgd"]
    learning_rate: float = Field(gt=0)
    momentum: float = 0.0
    weight_decay: float = 0.0
    decay_every: int | None = None
    """Epochs after which the learning rate is multiplied by `decay_factor`; never when absent."""
    decay_factor: float = 0.1
    task_weights: dict[str, float] = {}
    """Task -> weight of its loss in the sum; 1 when absent (equation 2 of gresnets)."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Arithmetic of the network; bfloat16 is autocast, weights and optimizer stay float32."""
    selection: Literal["last", "best_validation", "best_test"] = "last"
    """Which epoch's weights predict. `best_test` is open only to `variant: paper`."""
    determinism: Literal["strict", "fast"] = "strict"
    """`strict`: bit-identical on the same device and versions. `fast` allows faster kernels."""
    compile: bool = False
    """torch.compile the network."""
