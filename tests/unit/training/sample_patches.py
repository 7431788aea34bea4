"""Two inputs of patches, stereo scenes and mono events, and the parts that are trained on them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sample_part import sample_part, write_shard

from retable.spec.part import Part
from retable.training.inputs import InputFiles
from retable.training.standardisation import write_standardisation

CLASSES = {"scene": ("home", "park", "train"), "event": ("bell", "dog")}
CHANNELS = {"scene": ("left", "right", "mid"), "event": ("mono",)}
PATCHES = {"scene": 3, "event": 2}
CLIPS = {"train": 8, "validation": 4, "test": 6}
"""Clips of each role in each of two folds; test clips are the same in both."""
SHAPE = (12, 10)
"""Bands and frames of a patch."""
HOP_FRAMES = 4


def write_patch_inputs(folder: Path, shape: tuple[int, int] = SHAPE) -> list[InputFiles]:
    """Files of the scenes and of the events, standardised by band and channel."""
    return [_write_input(folder / task, task, shape) for task in CLASSES]


def _write_input(folder: Path, task: str, shape: tuple[int, int]) -> InputFiles:
    generator = np.random.default_rng(len(task))
    channels, patches = CHANNELS[task], PATCHES[task]
    clip_ids = [f"{task}{clip:02d}" for clip in range(sum(CLIPS.values()))]
    targets = np.arange(len(clip_ids)) % len(CLASSES[task])
    bands, frames = shape
    stored = frames + (patches - 1) * HOP_FRAMES
    features = generator.standard_normal((len(clip_ids), len(channels), bands, stored))
    features += generator.standard_normal((len(CLASSES[task]), 1, bands, 1))[targets]
    features = 5 * features - 40
    folder.mkdir(parents=True)
    files = InputFiles(
        [folder / f"{task}.tsv"],
        [folder / "shard000.npy"],
        folder / "roles.tsv",
        folder / "standardisation.tsv",
        [f"simulated {task}s"],
    )
    patch = {"frames": frames, "hop_frames": HOP_FRAMES, "patches": patches}
    (shard,) = files.feature_shards
    write_shard(shard, clip_ids, features.astype(np.float16), channels=channels, patch=patch)
    labels = [CLASSES[task][target] for target in targets]
    pd.DataFrame({"clip_id": clip_ids, task: labels}).to_csv(files.dataset, sep="\t", index=False)
    _roles(clip_ids).to_csv(files.split, sep="\t", index=False)
    write_standardisation(
        files.feature_shards, files.split, "band_and_channel", files.standardisation
    )
    return files


def _roles(clip_ids: Sequence[str]) -> pd.DataFrame:
    """Both folds test the same clips; the second validates where the first trains."""
    others, tested = clip_ids[: -CLIPS["test"]], clip_ids[-CLIPS["test"] :]
    rows = []
    for fold in (0, 1):
        rotated = others[4 * fold :] + others[: 4 * fold]
        roles = {
            "train": rotated[: CLIPS["train"]],
            "validation": rotated[CLIPS["train"] :],
            "test": tested,
        }
        rows += [(0, fold, role, clip) for role, clips in roles.items() for clip in clips]
    return pd.DataFrame(rows, columns=["repeat", "fold", "role", "clip_id"])


def patch_part(*tasks: str, runs: int = 2, experiment: str = "NET", **training: Any) -> Part:
    """Runs on one input for each task; keywords change the training."""
    content = sample_part(runs, **{"epochs": 3, "batch_size": 16, **training}).model_dump()
    content |= {"experiment": experiment, "tasks": [[task] for task in tasks]}
    content |= {"classes": {task: CLASSES[task] for task in tasks}}
    return Part.model_validate(content)


def mixed_part(redraw: str = "epoch", weight: float = 0.5, **training: Any) -> Part:
    """Runs on mixtures of scenes and events; keywords change the training."""
    mixup = {"weight": weight, "redraw": redraw, **training.pop("mixup", {})}
    return patch_part("scene", "event", mixup=mixup, **training)
