"""The clips of an input, resident in memory, and the patches that are cut from them."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from retable.errors import DataError
from retable.features.store import FeatureStore, Patch
from retable.training.targets import read_targets


@dataclass(frozen=True)
class ClipData:
    """Features and targets of all clips that the runs of a part use, on one device.

    A *sample* is what a network sees at once: one segment of one channel of a clip. Samples are
    numbered (clip * channels + channel) * segments + segment. A feature without channels has the
    channel `mono`, and one that is not cut is a single segment. So is one that is cropped: which
    columns of it are seen is said when a batch is made.
    """

    clip_ids: tuple[str, ...]
    features: torch.Tensor
    """(clips, channels, *feature shape), in the type that they are stored in."""
    targets: Mapping[str, torch.Tensor]
    """Task -> class index of each clip, int64."""
    channels: tuple[str, ...] = ("mono",)
    patch: Patch | None = None
    """How the last axis is cut into segments; None where it is not."""
    lengths: torch.Tensor | None = None
    """(clips,) How much of the last axis is the clip, int64, where the rest is zeros; None where
    all clips are as long as that axis."""
    crop: int | None = None
    """Columns that a network sees at once, where clips have more and are not cut into patches."""

    @cached_property
    def patches(self) -> torch.Tensor:
        """(clips * channels, places, *patch shape): a view, whose overlaps take no memory.

        The places are the segments or, where clips are cropped, all first columns of a crop.
        """
        rows = self.features.flatten(0, 1)
        if self.crop is not None:
            return rows.unfold(-1, self.crop, 1).movedim(-2, 1)
        if self.patch is None:
            return rows.unsqueeze(1)
        return rows.unfold(-1, self.patch.frames, self.patch.hop_frames).movedim(-2, 1)

    @property
    def patch_shape(self) -> tuple[int, ...]:
        """Shape of a sample, such as bands and frames."""
        return tuple(self.patches.shape[2:])

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of a sample as networks take it, with its channels first.

        (1, bands, frames), (1, samples) or, for an image in colour, (3, rows, columns).
        """
        shape = self.patch_shape
        return shape if len(shape) == 3 else (1, *shape)

    @cached_property
    def lengths_on_host(self) -> torch.Tensor | None:
        """`lengths` where batches are planned: reading them from a GPU would make it wait."""
        return None if self.lengths is None else self.lengths.cpu()

    @cached_property
    def surplus(self) -> torch.Tensor:
        """(clips,) Columns of each clip beyond those of a crop, int64, on the host."""
        stored = self.features.shape[-1]
        lengths = self.lengths_on_host
        if lengths is None:
            lengths = torch.full((len(self.clip_ids),), stored)
        return (lengths - (self.crop or stored)).clamp(min=0)

    @cached_property
    def centres(self) -> torch.Tensor:
        """(clips,) First column of the middle of each clip, int64, on the features' device."""
        return (self.surplus // 2).to(self.features.device)

    @property
    def segments(self) -> int:
        """Segments of each channel of a clip."""
        return 1 if self.crop is not None else self.patches.shape[1]

    @property
    def samples_per_clip(self) -> int:
        """Channels times segments."""
        return len(self.channels) * self.segments

    def samples(self, clip_ids: Sequence[str]) -> torch.Tensor:
        """Numbers of all samples of these clips, clip by clip, int64, on the features' device."""
        position = {clip_id: index for index, clip_id in enumerate(self.clip_ids)}
        clips = torch.tensor([position[clip_id] for clip_id in clip_ids], dtype=torch.int64)
        within = torch.arange(self.samples_per_clip)
        numbers = clips.unsqueeze(1) * self.samples_per_clip + within
        return numbers.flatten().to(self.features.device)

    def places(self, samples: torch.Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Position of the clip, position of the channel, and segment of each sample."""
        shape = (len(self.clip_ids), len(self.channels), self.segments)
        clips, channels, segments = np.unravel_index(samples.cpu().numpy(), shape)
        return clips, channels, segments

    def digest(self) -> str:
        """SHA-256 over clips, targets, features, lengths and crop: what was trained on."""
        digest = hashlib.sha256("\n".join(self.clip_ids).encode())
        digest.update(repr((self.channels, self.patch)).encode())
        for task in sorted(self.targets):
            digest.update(self.targets[task].cpu().numpy().tobytes())
        digest.update(self.features.cpu().contiguous().numpy().data)
        if self.lengths_on_host is not None:
            digest.update(self.lengths_on_host.numpy().tobytes())
        if self.crop is not None:
            digest.update(f"crop {self.crop}".encode())
        return digest.hexdigest()


def load_clips(
    datasets: Sequence[Path],
    feature_shards: Sequence[Path],
    classes: Mapping[str, Sequence[str]],
    device: torch.device,
    used: Collection[str] | None = None,
) -> ClipData:
    """Loads the clips of one or more datasets.

    Args:
        datasets: tables of their clips with one label column a task.
        feature_shards: data files of the packed feature store, of all datasets.
        classes: task -> class names, in the order of the targets.
        device: where features and targets shall lie.
        used: the clips that are needed; all where it is None.

    Raises:
        DataError: a label is none of its task's classes, a clip has no feature, or its feature is
            not cut into as many patches, or cannot be cropped, as its index says.
    """
    targets = read_targets(datasets, classes)
    if used is not None:
        targets = targets.among(used)
    store = FeatureStore(feature_shards)
    features = torch.from_numpy(store.rows(targets.clip_ids))
    if store.patch is None:
        features = features.unsqueeze(1)
    lengths = store.lengths(targets.clip_ids)
    data = ClipData(
        targets.clip_ids,
        features.to(device),
        {task: torch.from_numpy(indices).to(device) for task, indices in targets.by_task.items()},
        store.channels,
        store.patch,
        None if lengths is None else torch.from_numpy(lengths).to(device),
        store.crop,
    )
    _check_crop(data, feature_shards[0])
    _check_cut(data, feature_shards[0])
    return data


def _check_crop(data: ClipData, shard: Path) -> None:
    stored = data.features.shape[-1]
    if data.crop is not None and (data.patch is not None or not 1 <= data.crop <= stored):
        cut = "" if data.patch is None else ", cut into patches"
        raise DataError(
            f"{shard}: holds {stored} columns a clip{cut}; its index expects clips that are not "
            f"cut into patches, to be cropped to {data.crop} columns. Delete both and build them "
            "again."
        )


def _check_cut(data: ClipData, shard: Path) -> None:
    channels, expected = data.features.shape[1], data.patch.patches if data.patch else 1
    if (channels, data.segments) != (len(data.channels), expected):
        raise DataError(
            f"{shard}: holds {channels} channels of {data.segments} patches a clip; its index "
            f"expects {len(data.channels)} ({', '.join(data.channels)}) of {expected}. "
            "Delete both and build them again."
        )
