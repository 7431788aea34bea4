"""Clips longer than what a network sees of them, and a small network with embeddings.

Run as a script, it is a training job with random crops that kills itself:
`sample_crops.py INPUTS FOLDER SAVES` dies once it has saved that many checkpoints, one a step.
"""

import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sample_part import CPU, kill_after, outputs_in, sample_part, work_folder, write_shard
from torch import nn

from retable.registry import MODELS
from retable.spec.compute import Compute
from retable.spec.part import Part
from retable.training.inputs import InputFiles
from retable.training.part import PartOutputs, train_part

CLASSES = {"emotion": ("angry", "calm"), "speaker": ("s1", "s2", "s3")}
CLIPS = {"train": 12, "validation": 4, "test": 8}
"""Clips of each role; one fold."""
HEIGHT = 3
CROP = 8
LONGEST = 14
STEPS_PER_EPOCH = 3
"""12 training clips in batches of 5, 5 and 2."""
EMBEDDING = 6


class EmbeddingNetwork(nn.Module):
    """Its embedding is one hidden layer: linear, batch normalisation and ReLU."""

    def __init__(self, spec: object, input_shape: tuple[int, ...], sizes: dict[str, int]):
        super().__init__()
        self.hidden = nn.Linear(math.prod(input_shape), EMBEDDING)
        self.normalisation = nn.BatchNorm1d(EMBEDDING)
        self.dropout = nn.Dropout(0.2)
        self.heads = nn.ModuleDict({task: nn.Linear(EMBEDDING, n) for task, n in sizes.items()})

    def embedding(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.normalisation(self.hidden(x.flatten(1))))

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        embedding = self.dropout(self.embedding(x))
        return {task: head(embedding) for task, head in self.heads.items()}

    def structure(self) -> dict[str, Any]:
        return {"embedding": EMBEDDING}


REGISTERED = {"gresnet": f"{__name__}:EmbeddingNetwork"}
"""What `MODELS` is patched with: the sample part's kind of network is this one."""


def clip_lengths() -> np.ndarray:
    """Columns of each clip: from a crop to all that is stored."""
    return np.random.default_rng(6).integers(CROP, LONGEST + 1, sum(CLIPS.values()))


def middles(features: np.ndarray) -> np.ndarray:
    """The middle crop of each clip (clips, height, crop)."""
    starts = (clip_lengths() - CROP) // 2
    clips = zip(features, starts, strict=True)
    return np.stack([clip[:, start : start + CROP] for clip, start in clips])


def clip_features() -> np.ndarray:
    """Noise (clips, height, longest), float16, with zeros after the end of a clip."""
    generator = np.random.default_rng(5)
    features = generator.standard_normal((sum(CLIPS.values()), HEIGHT, LONGEST))
    features *= np.arange(LONGEST) < clip_lengths()[:, None, None]
    return features.astype(np.float16)


def write_crop_inputs(folder: Path, cropped: bool = True) -> InputFiles:
    """A dataset of these clips in one shard and one fold.

    Args:
        folder: where the files go.
        cropped: whether clips are stored with more than a network sees, or as their middles.
    """
    features = clip_features()
    clip_ids = [f"clip{clip:02d}" for clip in range(len(features))]
    inputs = inputs_in(folder)
    folder.mkdir(parents=True)
    (shard,) = inputs.feature_shards
    if cropped:
        write_shard(shard, clip_ids, features, clip_lengths(), crop=CROP)
    else:
        write_shard(shard, clip_ids, middles(features))
    table = pd.DataFrame({"clip_id": clip_ids})
    for task, names in CLASSES.items():
        table[task] = [names[clip % len(names)] for clip in range(len(clip_ids))]
    table.to_csv(inputs.dataset, sep="\t", index=False)
    role = np.repeat([*CLIPS], [*CLIPS.values()])
    roles = pd.DataFrame({"repeat": 0, "fold": 0, "role": role, "clip_id": clip_ids})
    roles.to_csv(inputs.split, sep="\t", index=False)
    return inputs


def inputs_in(folder: Path) -> InputFiles:
    """Paths of what `write_crop_inputs` writes."""
    shards = [folder / "shard000.npy"]
    return InputFiles([folder / "dataset.tsv"], shards, folder / "roles.tsv", None, ["simulated"])


def crop_part(runs: int = 2, embed: bool = False, **training: Any) -> Part:
    """Repeats on the one fold of `write_crop_inputs`; other keywords change the training."""
    part = sample_part(**{"epochs": 3, **training}).model_dump()
    repeats = [{"repeat": repeat, "fold": 0, "seed": 7 + repeat} for repeat in range(runs)]
    own = {"tasks": [[*CLASSES]], "classes": CLASSES, "runs": repeats, "embed": embed}
    return Part.model_validate(part | own)


def train_crops(
    folder: Path, part: Part, *inputs: InputFiles, compute: Compute = CPU
) -> PartOutputs:
    """Trains a part into `folder`, with a file for its embeddings if it keeps them."""
    folder.mkdir(parents=True, exist_ok=True)
    outputs = outputs_in(folder)
    if part.embed:
        outputs = replace(outputs, embeddings=folder / "embeddings.parquet")
    train_part(part, inputs, [], outputs, work_folder(folder), "code", compute)
    return outputs


if __name__ == "__main__":
    source, target, saves = sys.argv[1:]
    MODELS.update(REGISTERED)
    kill_after(int(saves))
    train_crops(
        Path(target),
        crop_part(crop="random"),
        inputs_in(Path(source)),
        compute=CPU.model_copy(update={"checkpoint_minutes": 0}),
    )
