"""What a machine offers: nothing here changes a result on the same device."""

from typing import Literal

from pydantic import Field

from retable.spec.base import Spec


class Compute(Spec):
    """The section `compute` of `config.yaml`; changing it reruns nothing."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """`auto` takes a GPU where torch sees one."""
    checkpoint_minutes: float = Field(default=2.0, ge=0)
    """Time between checkpoints of a training; 0 saves after every step."""
    epoch_delay_s: float = Field(default=0.0, ge=0)
    """Sleep after each epoch, to rehearse kills and preemption."""
