"""Example patches of two inputs and their mixtures, as a network sees them (mixup_mtl, eq. 1)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from retable.errors import DataError
from retable.features.store import FeatureStore
from retable.spec.figure import MixedPatches
from retable.splits.roles import read_roles
from retable.training.example_clips import first_clips
from retable.training.inputs import InputFiles
from retable.training.patch_examples_file import PatchExamples, write_patch_example_file
from retable.training.standardisation import read_standardisation

REPEAT = 0
"""Of the split that the clips are taken from, in its lowest fold."""


def write_patch_examples(
    figure: MixedPatches,
    tasks: Sequence[str],
    inputs: Sequence[InputFiles],
    weight: float,
    output: Path,
) -> None:
    """Write the patches that a figure shows: of each class the first training clip's middle one.

    Args:
        figure: the pairs of classes, and the channel of the first input; of the second it is the
            first that there is.
        tasks: the first task of each input, which the classes are of.
        inputs: the files of both inputs.
        weight: share of the first input's patch in a mixture.
        output: the `.npz` to write.

    Raises:
        DataError: a class has no training clip in the lowest fold, or the two inputs' patches
            differ in shape or in time.
    """
    first, second = (
        _Input(files, task, channel)
        for files, task, channel in zip(inputs, tasks, (figure.channel, None), strict=True)
    )
    if (first.patch_shape, first.frame_s) != (second.patch_shape, second.frame_s):
        raise DataError(
            f"{inputs[0].feature_shards[0]}: patches of {first} cannot be mixed with those of "
            f"{inputs[1].feature_shards[0]}, {second}; give both features the same bands and frames"
        )
    clip_ids = tuple(
        zip(
            first.clips_of([a for a, _ in figure.pairs]),
            second.clips_of([b for _, b in figure.pairs]),
            strict=True,
        )
    )
    pairs = [(first.middle_patch(a), second.middle_patch(b)) for a, b in clip_ids]
    share = np.float32(weight)
    examples = PatchExamples(
        tasks=(first.task, second.task),
        channels=(first.channel, second.channel),
        classes=figure.pairs,
        clip_ids=clip_ids,
        patches=np.stack([np.stack([a, b, share * a + (1 - share) * b]) for a, b in pairs]),
        weight=weight,
        frame_s=first.frame_s,
        standardised=None not in (first.standardisation, second.standardisation),
    )
    write_patch_example_file(examples, output)


class _Input:
    """One input's training clips of one fold, and their patches."""

    def __init__(self, files: InputFiles, task: str, channel: str | None):
        self.task = task
        self._files = files
        self._store = FeatureStore(files.feature_shards)
        shard = files.feature_shards[0]
        assert self._store.patch is not None, "checked when the paper is read"
        assert channel in (None, *self._store.channels), "checked when the paper is read"
        self.channel = channel or self._store.channels[0]
        self._patch = self._store.patch
        self.patch_shape = (self._store.shape[-2], self._patch.frames)
        self.frame_s = _frame_seconds(self._store.facts, shard)
        self._fold = min(fold for repeat, fold in read_roles(files.split) if repeat == REPEAT)
        self.standardisation = (
            None
            if files.standardisation is None
            else read_standardisation(files.standardisation)[REPEAT, self._fold]
        )

    def __str__(self) -> str:
        bands, frames = self.patch_shape
        return f"{bands} bands x {frames} frames of {self.frame_s:.4g} s"

    def clips_of(self, classes: Sequence[str]) -> tuple[str, ...]:
        """The first training clip of each class, by clip_id."""
        place = (REPEAT, self._fold)
        return first_clips(self._files, place, "train", self.task, classes, "pairs")

    def middle_patch(self, clip_id: str) -> np.ndarray:
        """Float32 (bands, frames) of the clip: of its patches in time the one at half."""
        place = self._store.channels.index(self.channel)
        image = self._store.rows([clip_id])[0][place].astype(np.float32)
        start = self._patch.patches // 2 * self._patch.hop_frames
        patch = image[:, start : start + self._patch.frames]
        if self.standardisation is None:
            return patch
        mean, sd = self.standardisation.mean[place], self.standardisation.sd[place]
        return (patch - mean[:, None]) / sd[:, None]


def _frame_seconds(facts: Mapping[str, Any], shard: Path) -> float:
    """Seconds between the frames of a feature, as the index of its shards says."""
    if not {"hop", "sample_rate"} <= set(facts):
        raise DataError(
            f"{shard.with_suffix('.json')}: its facts {', '.join(facts)} do not tell hop and "
            "sample_rate; the figure needs a feature of patches"
        )
    return facts["hop"] / facts["sample_rate"]
