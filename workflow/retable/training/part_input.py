"""One input of a part: its clips, and how each run splits and standardises them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch

from retable.errors import DataError
from retable.spec.part import Run
from retable.spec.training import Training
from retable.splits.roles import read_roles
from retable.training.data import ClipData, load_clips
from retable.training.inputs import InputFiles
from retable.training.samples import Samples
from retable.training.standardisation import Standardisation, read_standardisation

Value = TypeVar("Value")
ByFold = Mapping[tuple[int, int], Value]
"""(repeat of the split, fold) -> what a run uses there."""


@dataclass(frozen=True)
class PartInput:
    """What the runs of a part use of one input."""

    files: InputFiles
    data: ClipData
    roles: ByFold[Mapping[str, Sequence[str]]]
    standardisations: ByFold[Standardisation] | None

    def samples(self, run: Run, position: int, training: Training) -> Samples:
        """The input's samples in a run, standardised by the run's own training clips.

        Args:
            run: whose fold is taken.
            position: of the input among those of the part.
            training: says whether predicted samples are scaled as mixup scales them.

        Raises:
            DataError: the split or the standardisation lacks the run's fold.
        """
        clips = _of_run(self.roles, run, self.files.split)
        standardisation = None
        if self.standardisations is not None:
            standardisation = _of_run(self.standardisations, run, self.files.standardisation)
            self._check_bands(standardisation)
        weight, mixup = 1.0, training.mixup
        if mixup is not None and mixup.held_out == "scaled":
            weight = mixup.weight if position == 0 else 1 - mixup.weight
        return Samples(self.data, clips, standardisation, weight)

    def _check_bands(self, standardisation: Standardisation) -> None:
        expected = (len(self.data.channels), self.data.patch_shape[0])
        if standardisation.mean.shape != expected:
            raise DataError(
                f"{self.files.standardisation}: is of {standardisation.mean.shape[0]} channels of "
                f"{standardisation.mean.shape[1]} bands, but the features have {expected[0]} of "
                f"{expected[1]}; remove it and build it again"
            )

    def summary(self) -> str:
        """What is in memory, for the log."""
        shape = "x".join(map(str, self.data.patch_shape))
        if self.data.crop is not None:
            shape = f"{self.data.features.shape[-1]} columns, cropped to {shape}"
        most = "" if self.data.lengths is None else "at most "
        clips = f"{len(self.data.clip_ids)} clips of {most}{shape}"
        per_clip = self.data.samples_per_clip
        return clips if per_clip == 1 else f"{clips}, {per_clip} samples a clip"

    def digest(self) -> str:
        """SHA-256 over features, lengths, crop, targets, split and standardisation."""
        digest = hashlib.sha256(self.data.digest().encode())
        for path in (self.files.split, self.files.standardisation):
            digest.update(path.read_bytes() if path else b"none")
        return digest.hexdigest()


def load_input(
    files: InputFiles, classes: Mapping[str, Sequence[str]], device: torch.device
) -> PartInput:
    """Loads an input; `classes` are those of its own tasks.

    Raises:
        DataError: a label is none of its task's classes, or a clip has no feature.
    """
    roles = read_roles(files.split)
    # Of a large dataset of extra clips a split may use but a few.
    used = {clip for fold in roles.values() for clips in fold.values() for clip in clips}
    return PartInput(
        files,
        load_clips(files.datasets, files.feature_shards, classes, device, used),
        roles,
        read_standardisation(files.standardisation) if files.standardisation else None,
    )


def _of_run(values: ByFold[Value], run: Run, source: object) -> Value:
    key = (run.draw, run.fold)
    if key not in values:
        known = ", ".join(f"repeat {repeat} fold {fold}" for repeat, fold in sorted(values))
        raise DataError(
            f"{source}: has no repeat {run.draw} fold {run.fold}, which {run.name} needs; it has "
            f"{known}. Give all inputs splits of the same folds, and build the file again"
        )
    return values[key]
