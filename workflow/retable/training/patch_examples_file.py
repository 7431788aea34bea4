"""The file with example patches: what a figure that shows mixed patches is drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retable.features.arrays import read_arrays


@dataclass(frozen=True)
class PatchExamples:
    """Pairs of patches, one of each input of an experiment, and their mixtures."""

    tasks: tuple[str, str]
    """The task of each input that the classes are of."""
    channels: tuple[str, str]
    """The channel of each input that is shown."""
    classes: tuple[tuple[str, str], ...]
    """Pair -> class of each input's clip."""
    clip_ids: tuple[tuple[str, str], ...]
    """Pair -> clip of each input."""
    patches: np.ndarray
    """float32 (pairs, 3, bands, frames): of the first input, of the second, and mixed, as the
    network sees them; the lowest band first."""
    weight: float
    """Share of the first input's patch in the mixture."""
    frame_s: float
    """Seconds from one frame to the next."""
    standardised: bool
    """Whether the patches of both inputs are; else they are log-mel powers."""


def write_patch_example_file(examples: PatchExamples, path: Path) -> None:
    """Write a compressed `.npz`: equal examples give equal bytes, for NumPy dates none of them."""
    np.savez_compressed(
        path,
        allow_pickle=False,
        tasks=np.array(examples.tasks),
        channels=np.array(examples.channels),
        classes=np.array(examples.classes),
        clip_ids=np.array(examples.clip_ids),
        patches=examples.patches,
        weight=np.array(examples.weight),
        frame_s=np.array(examples.frame_s),
        standardised=np.array(examples.standardised),
    )


def read_patch_example_file(path: Path) -> PatchExamples:
    """Read what `write_patch_example_file` wrote.

    Raises:
        DataError: the file is missing or is no such file.
    """
    return read_arrays(path, "example patches", _examples)


def _examples(arrays: Mapping[str, np.ndarray]) -> PatchExamples:
    first_task, second_task = arrays["tasks"].tolist()
    first_channel, second_channel = arrays["channels"].tolist()
    return PatchExamples(
        tasks=(first_task, second_task),
        channels=(first_channel, second_channel),
        classes=tuple((first, second) for first, second in arrays["classes"].tolist()),
        clip_ids=tuple((first, second) for first, second in arrays["clip_ids"].tolist()),
        patches=arrays["patches"],
        weight=float(arrays["weight"]),
        frame_s=float(arrays["frame_s"]),
        standardised=bool(arrays["standardised"]),
    )
