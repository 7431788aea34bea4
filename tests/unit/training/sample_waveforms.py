"""Waveforms of different lengths, and the parts that are trained on them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sample_part import sample_part, write_shard

from retable.spec.part import Part
from retable.training.inputs import InputFiles

CLASSES = {"accent": ("AU", "UK", "US")}
CLIPS = {"train": 18, "validation": 9, "test": 9}
"""Clips of each role; one fold."""
STORED = 80
"""Samples that every clip is stored with, zeros at its end included."""
STEP = 4
"""Samples of one step of the network: its poolings halve twice."""
STEPS_PER_EPOCH = 3
"""18 training clips in batches of 8, 8 and 2."""


def clip_lengths() -> np.ndarray:
    """Samples of each clip: from 30 to all that is stored, few of them multiples of a step."""
    return np.random.default_rng(2).integers(30, STORED + 1, sum(CLIPS.values()))


def write_waveform_inputs(
    folder: Path, lengths: np.ndarray | None = None, noise: float = 0.7
) -> InputFiles:
    """A dataset of noisy tones, whose pitch is their class, in one shard and one fold.

    Args:
        folder: where the files go.
        lengths: samples of each clip; `clip_lengths` when absent.
        noise: its standard deviation; the tones have an amplitude of 1.
    """
    lengths = clip_lengths() if lengths is None else lengths
    generator = np.random.default_rng(4)
    clip_ids = [f"clip{clip:02d}" for clip in range(len(lengths))]
    targets = np.arange(len(lengths)) % len(CLASSES["accent"])
    time = np.arange(STORED)
    period = np.array([16, 8, 5])[targets, None]
    waves = np.sin(2 * np.pi * (time / period + generator.uniform(size=(len(lengths), 1))))
    waves += noise * generator.standard_normal(waves.shape)
    waves[time >= lengths[:, None]] = 0
    folder.mkdir(parents=True, exist_ok=True)
    shard = folder / "shard000.npy"
    write_shard(shard, clip_ids, waves.astype(np.float16), lengths)
    labels = [CLASSES["accent"][target] for target in targets]
    dataset, roles = folder / "dataset.tsv", folder / "roles.tsv"
    pd.DataFrame({"clip_id": clip_ids, "accent": labels}).to_csv(dataset, sep="\t", index=False)
    role = np.repeat([*CLIPS], [*CLIPS.values()])
    table = pd.DataFrame({"repeat": 0, "fold": 0, "role": role, "clip_id": clip_ids})
    table.to_csv(roles, sep="\t", index=False)
    return InputFiles([dataset], [shard], roles, None, ["simulated"])


def waveform_part(**training: Any) -> Part:
    """One run of a small CAB-CNN; keywords change the training."""
    part = sample_part(runs=1, **{"batch_size": 8, **training}).model_dump()
    layer = {"filters": 4, "kernel": 4, "pool": 2, "stride": 2}
    model = {
        "kind": "classifier_attention",
        "layers": [{**layer, "dropout": 0.2}, layer],
        "classifiers": 3,
        "classifier_units": [4],
        "attention_units": [5],
        "pooling": "mean",
    }
    tasks = {"tasks": [["accent"]], "classes": CLASSES}
    return Part.model_validate(part | tasks | {"model": model})
