"""Checkpoints that survive a kill, and the signal that announces one.

A checkpoint is no output of a rule: Snakemake removes outputs of a job that fails. It is replaced
atomically, so that a kill leaves the old one or the new one, and it is tied to its training by the
folder it lies in, whose name is a digest of spec, code and data.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from retable.errors import TrainingError


class Preempted(TrainingError):
    """SIGTERM came: the state is saved and the job must end with an error, to be run again."""


class Checkpoint:
    """The file that a training saves to, at most every so many minutes."""

    def __init__(self, path: Path, minutes: float):
        self.path = path
        self._interval_s = 60 * minutes
        self._saved_at = time.monotonic()

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """The saved state, tensors on `device`, or None where nothing was saved."""
        if not self.path.exists():
            return None
        return dict(torch.load(self.path, map_location=device, weights_only=True))

    def is_due(self) -> bool:
        """Whether the interval has passed since the last save."""
        return time.monotonic() - self._saved_at >= self._interval_s

    def save(self, state: dict[str, Any]) -> None:
        """Replaces the saved state."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".tmp")
        with temporary.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.path)
        self._saved_at = time.monotonic()

    def remove(self) -> None:
        """Deletes the saved state."""
        self.path.unlink(missing_ok=True)


class StopFlag:
    """Set once SIGTERM has come."""

    def __init__(self) -> None:
        self.is_set = False

    def set(self, signal_number: int, frame: FrameType | None) -> None:
        """Signal handler: only remembers, so that a training step is never cut in two."""
        self.is_set = True


@contextmanager
def stop_on_sigterm() -> Iterator[StopFlag]:
    """Turns SIGTERM (Slurm's time limit, preemption, a cancelled job) into a flag."""
    flag = StopFlag()
    previous = signal.signal(signal.SIGTERM, flag.set)
    try:
        yield flag
    finally:
        signal.signal(signal.SIGTERM, previous)
