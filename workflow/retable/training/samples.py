"""Samples of an input as one run sees them: by role, standardised, and mixed with another's."""

from collections.abc import Mapping, Sequence

import torch

from retable.training.data import ClipData
from retable.training.standardisation import Standardisation

Targets = dict[str, torch.Tensor]
"""Task -> class index of each sample of a batch, int64."""


class Samples:
    """The samples of one input in one run.

    Batches are taken by sample number and made on the device: cut or cropped as a view, converted
    to float32 and standardised only then.
    """

    def __init__(
        self,
        data: ClipData,
        clips: Mapping[str, Sequence[str]],
        standardisation: Standardisation | None = None,
        unmixed_weight: float = 1.0,
    ):
        """Number the samples of each role.

        Args:
            data: all clips of the input.
            clips: role (`train`, `validation`, `test`) -> its clips.
            standardisation: mean and standard deviation over this run's training clips.
            unmixed_weight: factor for samples that are predicted, and so never mixed.
        """
        self.data = data
        self.clips = {role: len(of_role) for role, of_role in clips.items()}
        """Role -> number of its clips."""
        self.roles = {role: data.samples(of_role) for role, of_role in clips.items()}
        """Role -> numbers of its samples."""
        self.tasks = tuple(data.targets)
        self._unmixed_weight = unmixed_weight
        self._moments = None
        if standardisation is not None:
            self._moments = [
                torch.tensor(values, device=data.features.device)[:, None, :, None]
                for values in (standardisation.mean, standardisation.sd)
            ]

    def patches(
        self,
        samples: torch.Tensor,
        length: int | None = None,
        starts: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Standardised patches (batch, *input shape), float32, in memory of their own.

        Args:
            samples: their numbers (batch,).
            length: what their last axis is cut to; None leaves it whole. The stored values are cut
                and only then converted.
            starts: first column of the crop of each (batch,), where clips are cropped; None crops
                them to their middles.
        """
        segments, channels = self.data.segments, len(self.data.channels)
        rows, places = samples // segments, samples % segments
        if self.data.crop is not None:
            places = self.data.centres[rows // channels] if starts is None else starts
        patches = self.data.patches[..., :length][rows, places]
        if len(self.data.patch_shape) < len(self.data.input_shape):
            patches = patches.unsqueeze(1)
        patches = patches.float()
        if self._moments is not None:
            mean, sd = (moment[rows % channels] for moment in self._moments)
            patches.sub_(mean).div_(sd)
        return patches

    def unmixed(self, samples: torch.Tensor, length: int | None = None) -> torch.Tensor:
        """Patches as they are predicted: never mixed, at most scaled by their input's weight."""
        patches = self.patches(samples, length)
        return patches if self._unmixed_weight == 1 else patches.mul_(self._unmixed_weight)

    def random_starts(self, role: str, generator: torch.Generator) -> torch.Tensor:
        """First column of a crop of each sample of a role, uniform over the crops that fit.

        A clip that is no longer than a crop has but one.

        Returns:
            (samples of the role,), int64, on their device.
        """
        clips = self.roles[role].cpu() // self.data.samples_per_clip
        fitting = self.data.surplus[clips] + 1
        drawn = torch.rand(len(clips), generator=generator, dtype=torch.float64)
        return (drawn * fitting).long().to(self.data.features.device)

    def targets(self, samples: torch.Tensor) -> Targets:
        """Classes of the clips that the samples are of."""
        clips = samples // self.data.samples_per_clip
        return {task: classes[clips] for task, classes in self.data.targets.items()}


def mixed(
    first: Samples,
    samples: torch.Tensor,
    second: Samples,
    partners: torch.Tensor,
    weight: float,
) -> tuple[torch.Tensor, Targets]:
    """Samples of two inputs as one, with the targets of both (mixup_mtl, equations 1 to 3).

    Args:
        first: the input whose samples have the share `weight`.
        samples: numbers of its samples (batch,).
        second: the input whose samples have the rest, `1 - weight`.
        partners: numbers of its samples (batch,).
        weight: between 0 and 1.

    Returns:
        Patches (batch, *input shape), float32, and the targets of both inputs' tasks.
    """
    patches = first.patches(samples).mul_(weight).add_(second.patches(partners), alpha=1 - weight)
    return patches, first.targets(samples) | second.targets(partners)
