"""What the code of every feature has in common."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


class Extractor(ABC):
    """A feature's code, built from its spec."""

    @abstractmethod
    def __call__(self, waveforms: Sequence[np.ndarray]) -> np.ndarray:
        """Features (clips, *shape) of clips as the audio store gives them, at the spec's rate.

        Args:
            waveforms: float32, (frames,) each or (2, frames) as the spec's `audio_layout` says,
                and as long as `check_lengths` asks.
        """

    @abstractmethod
    def silence(self) -> np.ndarray:
        """A silent clip that the feature takes, to read shapes from."""

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """What the feature is, read from its own parts and from the feature of silence."""

    def check_lengths(self, lengths: Mapping[str, int]) -> None:
        """Nothing, unless a feature overrides it: most take clips of any length.

        Args:
            lengths: clip_id -> samples.

        Raises:
            DataError: clips are too short for the feature.
        """
        del lengths

    def stored_length(self, samples: int) -> int | None:
        """How much of the last axis is filled by a clip of so many samples, zeros following.

        None, unless a feature overrides it: most fill all of it with any clip.
        """
        del samples
        return None


def plain_number(value: float) -> int | float:
    """An integer where the value is whole, for facts: JSON then has 5 and not 5.0."""
    return int(value) if float(value).is_integer() else value
