"""The clips of a part, resident in memory."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from retable.features.store import FeatureStore
from retable.training.targets import read_targets


@dataclass(frozen=True)
class ClipData:
    """Features and targets of all clips that the runs of a part use, on one device."""

    clip_ids: tuple[str, ...]
    features: torch.Tensor
    """(clips, 1, *feature shape), float32."""
    targets: Mapping[str, torch.Tensor]
    """Task -> class index of each clip, int64."""

    def indices(self, clip_ids: Sequence[str]) -> torch.Tensor:
        """Positions of the clips, int64, on the device of the features."""
        position = {clip_id: index for index, clip_id in enumerate(self.clip_ids)}
        chosen = [position[clip_id] for clip_id in clip_ids]
        return torch.tensor(chosen, dtype=torch.int64, device=self.features.device)

    def digest(self) -> str:
        """SHA-256 over clips, targets and features: tells a checkpoint what it was trained on."""
        digest = hashlib.sha256("\n".join(self.clip_ids).encode())
        for task in sorted(self.targets):
            digest.update(self.targets[task].cpu().numpy().tobytes())
        digest.update(self.features.cpu().contiguous().numpy().data)
        return digest.hexdigest()


def load_clips(
    dataset: Path,
    feature_shards: Sequence[Path],
    classes: Mapping[str, Sequence[str]],
    device: torch.device,
) -> ClipData:
    """Loads every clip of a dataset.

    Args:
        dataset: table of the dataset's clips with one label column a task.
        feature_shards: data files of the packed feature store.
        classes: task -> class names, in the order of the targets.

    Raises:
        DataError: a label is none of its task's classes, or a clip has no feature.
    """
    targets = read_targets(dataset, classes)
    features = torch.from_numpy(FeatureStore(feature_shards).rows(targets.clip_ids)).float()
    return ClipData(
        targets.clip_ids,
        features.unsqueeze(1).to(device),
        {task: torch.from_numpy(indices).to(device) for task, indices in targets.by_task.items()},
    )


def role_indices(data: ClipData, roles: Mapping[str, Sequence[str]]) -> dict[str, torch.Tensor]:
    """Role -> positions of its clips in `data`."""
    return {role: data.indices(clips) for role, clips in roles.items()}
