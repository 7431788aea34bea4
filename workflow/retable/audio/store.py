"""Packed audio: clips at one rate and in one layout, concatenated in shards.

A shard is `NAME.npy`, a float32 array that `numpy.load` reads, (frames,) for `mono` and (frames, 2)
for `stereo`, and `NAME.json` with `sample_rate` (Hz), `layout`, `clip_ids` in their order in the
array, and `frames`, the length of each.
"""

import json
import logging
import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from retable.audio.decode import mono, read_clip, stereo
from retable.audio.packed import PackedArray, PackedWriter
from retable.audio.resample import resample
from retable.errors import DataError
from retable.spec.base import canonical_json
from retable.spec.feature import AudioLayout

if TYPE_CHECKING:
    import pandas

logger = logging.getLogger(__name__)

CLIPS_PER_PROGRESS_LINE = 200

FRAME_SHAPE: dict[AudioLayout, tuple[int, ...]] = {"mono": (), "stereo": (2,)}
"""Layout -> shape of one frame in the packed array."""


def shard_bounds(clips: int, shards: int, shard: int) -> tuple[int, int]:
    """Start and stop, among `clips` sorted clips, of shard number `shard` (from 0) of `shards`.

    The shards cover every clip once and differ by one clip at most.
    """
    if not 0 <= shard < shards:
        raise ValueError(f"shard {shard} is not one of {shards}")
    return clips * shard // shards, clips * (shard + 1) // shards


def write_audio_shard(
    clips: "pandas.DataFrame",
    root: Path,
    sample_rate: int,
    data: Path,
    index: Path,
    layout: AudioLayout = "mono",
) -> None:
    """Decode, lay out, resample and pack clips, one at a time, in the order of the rows.

    Args:
        clips: columns `clip_id` and `path`, the latter relative to `root`.
        root: folder of the clips.
        sample_rate: Hz of the packed audio.
        data: the `.npy` to write.
        index: the `.json` to write.
        layout: `mono` packs the mean of a clip's channels, `stereo` both of its channels.

    Raises:
        DataError: a clip cannot be decoded, or is to be stereo and has not two channels.
    """
    frames: list[int] = []
    with PackedWriter(data, np.dtype(np.float32), FRAME_SHAPE[layout]) as packed:
        for path in clips["path"]:
            samples, rate = read_clip(root / path)
            samples = mono(samples) if layout == "mono" else stereo(samples, root / path)
            # Frame by frame: the channels of a frame lie side by side, as in audio files.
            resampled = resample(samples, rate, sample_rate).T
            packed.append(resampled)
            frames.append(len(resampled))
            if len(frames) % CLIPS_PER_PROGRESS_LINE == 0:
                logger.info("packed %d of %d clips", len(frames), len(clips))
    clip_ids = [str(clip_id) for clip_id in clips["clip_id"]]
    content = {
        "sample_rate": sample_rate,
        "layout": layout,
        "clip_ids": clip_ids,
        "frames": frames,
    }
    index.write_text(canonical_json(content) + "\n", encoding="utf-8")
    logger.info("packed %d clips, %s, at %d Hz", len(frames), layout, sample_rate)


class _Place(NamedTuple):
    """Where a clip lies."""

    array: PackedArray
    start: int
    stop: int


class AudioStore:
    """Random access to the clips of one or more shards, which are read when they are asked for."""

    def __init__(self, data_paths: Iterable[Path]):
        """Open the shards; each index lies beside its data, with the suffix `.json`.

        Raises:
            DataError: shards differ in sample rate or layout, share a clip, do not fit their
                index or are no arrays, or none is given.
        """
        self._clips: dict[str, _Place] = {}
        kinds = {self._open_shard(Path(path)) for path in data_paths}
        if len(kinds) != 1:
            found = ", ".join(f"{rate} Hz {layout}" for rate, layout in sorted(kinds)) or "none"
            raise DataError(
                f"audio shards have different sample rates or layouts: {found}; expected exactly "
                "one of either. Delete them and build them again."
            )
        self.sample_rate: int
        """Hz."""
        self.layout: AudioLayout
        """Whether a clip is (frames,) or (2, frames)."""
        self.sample_rate, self.layout = kinds.pop()

    def _open_shard(self, path: Path) -> tuple[int, AudioLayout]:
        index = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        samples = PackedArray(path)
        expected = (sum(index["frames"]), *FRAME_SHAPE[index["layout"]])
        if samples.shape != expected:
            raise DataError(
                f"{path}: has the shape {samples.shape}; its index expects {expected}. "
                "Delete both and build them again."
            )
        stops = np.cumsum(index["frames"], dtype=np.int64)
        for clip_id, frames, stop in zip(index["clip_ids"], index["frames"], stops, strict=True):
            if clip_id in self._clips:
                raise DataError(f"{path}: clip {clip_id!r} is packed twice; expected once")
            self._clips[clip_id] = _Place(samples, int(stop) - frames, int(stop))
        return index["sample_rate"], index["layout"]

    @property
    def clip_ids(self) -> tuple[str, ...]:
        """All clips, in the order of the shards."""
        return tuple(self._clips)

    @property
    def bytes_per_frame(self) -> int:
        """Those of one frame in memory."""
        return np.dtype(np.float32).itemsize * math.prod(FRAME_SHAPE[self.layout])

    @property
    def lengths(self) -> dict[str, int]:
        """Frames of each clip, in the order of the shards."""
        return {clip_id: place.stop - place.start for clip_id, place in self._clips.items()}

    def __getitem__(self, clip_id: str) -> np.ndarray:
        """Samples of a clip, read from its file.

        Returns:
            Float32 (frames,) for mono, (2, frames) for stereo with the left channel first.

        Raises:
            DataError: the clip is in no shard, or its shard has become shorter.
        """
        if clip_id not in self._clips:
            raise DataError(
                f"clip {clip_id!r} is in none of the audio shards, which hold "
                f"{len(self._clips)} clips; check that the shards belong to this dataset"
            )
        place = self._clips[clip_id]
        return np.ascontiguousarray(place.array.read(place.start, place.stop).T)
