"""The file with example clips and the attention that a network gives its classifiers in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retable.features.arrays import read_arrays


@dataclass(frozen=True)
class ClipAttention:
    """What a network makes of a clip, step by step (cabcnn, section 3)."""

    name: str
    """The clip's class."""
    clip_id: str
    waveform: np.ndarray
    """float16 (samples,): what the network sees, as many samples a step."""
    weights: np.ndarray
    """float16 (steps, classifiers): alpha_t, which sum to 1 at every step."""
    probabilities: np.ndarray
    """float16 (steps, classes): c_t, what the weighted classifiers say at each step."""
    predicted: np.ndarray
    """float32 (classes,): what the network says of the clip."""


@dataclass(frozen=True)
class AttentionExamples:
    """Clips that one run of a network is shown on."""

    task: str
    classes: tuple[str, ...]
    """All classes of the task, in the order of the probabilities."""
    clips: tuple[ClipAttention, ...]
    step_s: float
    """Seconds from one step to the next."""


def write_attention_example_file(examples: AttentionExamples, path: Path) -> None:
    """Write a compressed `.npz`: equal examples give equal bytes, for NumPy dates none of them.

    Arrays over time are packed along it, `samples` and `steps` being the lengths of each clip.
    """
    clips = examples.clips
    np.savez_compressed(
        path,
        allow_pickle=False,
        task=np.array(examples.task),
        classes=np.array(examples.classes),
        step_s=np.array(examples.step_s),
        names=np.array([clip.name for clip in clips]),
        clip_ids=np.array([clip.clip_id for clip in clips]),
        samples=np.array([len(clip.waveform) for clip in clips]),
        steps=np.array([len(clip.weights) for clip in clips]),
        waveforms=np.concatenate([clip.waveform for clip in clips]),
        weights=np.concatenate([clip.weights for clip in clips]),
        probabilities=np.concatenate([clip.probabilities for clip in clips]),
        predicted=np.stack([clip.predicted for clip in clips]),
    )


def read_attention_example_file(path: Path) -> AttentionExamples:
    """Read what `write_attention_example_file` wrote.

    Raises:
        DataError: the file is missing or is no such file.
    """
    return read_arrays(path, "examples of attention", _examples)


def _examples(arrays: Mapping[str, np.ndarray]) -> AttentionExamples:
    sample_stops, step_stops = (np.cumsum(arrays[n])[:-1] for n in ("samples", "steps"))
    clips = zip(
        arrays["names"].tolist(),
        arrays["clip_ids"].tolist(),
        np.split(arrays["waveforms"], sample_stops),
        np.split(arrays["weights"], step_stops),
        np.split(arrays["probabilities"], step_stops),
        arrays["predicted"],
        strict=True,
    )
    return AttentionExamples(
        task=str(arrays["task"]),
        classes=tuple(arrays["classes"].tolist()),
        clips=tuple(ClipAttention(*clip) for clip in clips),
        step_s=float(arrays["step_s"]),
    )
