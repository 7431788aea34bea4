"""Packed features of fixed shape, in memory-mapped shards.

A shard is `NAME.npy`, an array (clips, *shape) that `numpy.load(mmap_mode="r")` reads, and
`NAME.json` with `clip_ids` in the order of the rows, `shape`, `dtype`, and `feature`: facts such as
an image's height and width, read from what was computed.
"""

import json
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from retable.audio.store import AudioStore
from retable.errors import DataError
from retable.registry import FEATURES, load
from retable.spec.base import canonical_json
from retable.spec.feature import Feature

logger = logging.getLogger(__name__)

CLIPS_PER_BATCH = 32


def write_feature_shard(feature: Feature, audio_data: Path, data: Path, index: Path) -> None:
    """Compute a feature for every clip of an audio shard, batch by batch.

    Args:
        feature: what to compute.
        audio_data: `.npy` of the audio shard; its index lies beside it.
        data: the `.npy` to write.
        index: the `.json` to write.

    Raises:
        ConfigError: the kind of feature is not registered.
        DataError: the audio is at another rate than the feature asks for.
    """
    extractor = load(FEATURES, feature.kind)(feature)
    audio = AudioStore([audio_data])
    if audio.sample_rate != feature.sample_rate:
        raise DataError(
            f"{audio_data}: audio is at {audio.sample_rate} Hz, but the feature {feature.kind} "
            f"expects {feature.sample_rate} Hz; give it audio resampled to that rate"
        )
    clip_ids = audio.clip_ids
    silence = np.zeros(audio.sample_rate, dtype=np.float32)
    shape = extractor([silence]).shape[1:]
    dtype = np.dtype(feature.dtype).newbyteorder("<")
    packed = np.lib.format.open_memmap(data, mode="w+", dtype=dtype, shape=(len(clip_ids), *shape))
    for start in range(0, len(clip_ids), CLIPS_PER_BATCH):
        batch = clip_ids[start : start + CLIPS_PER_BATCH]
        packed[start : start + len(batch)] = extractor([audio[clip_id] for clip_id in batch])
        logger.info("%s of %d of %d clips", feature.kind, start + len(batch), len(clip_ids))
    packed.flush()
    content = {
        "clip_ids": clip_ids,
        "shape": shape,
        "dtype": feature.dtype,
        "feature": extractor.facts(),
    }
    index.write_text(canonical_json(content) + "\n", encoding="utf-8")


class FeatureStore:
    """Features of the clips of one or more shards, by clip."""

    def __init__(self, data_paths: Iterable[Path]):
        """Open the shards; each index lies beside its data, with the suffix `.json`.

        Raises:
            DataError: shards differ in shape, share a clip, do not fit their index, or none is
                given.
        """
        self._shards: list[np.ndarray] = []
        self._places: dict[str, tuple[int, int]] = {}
        for path in data_paths:
            self._open_shard(Path(path))
        shapes = {shard.shape[1:] for shard in self._shards}
        if len(shapes) != 1:
            raise DataError(
                f"feature shards have the shapes {sorted(shapes)}; expected exactly one. "
                "Delete them and build them again."
            )
        self.shape: tuple[int, ...] = shapes.pop()
        """Shape of one clip's feature."""

    def _open_shard(self, path: Path) -> None:
        index = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        values = np.load(path, mmap_mode="r")
        expected = (len(index["clip_ids"]), *index["shape"])
        if values.shape != expected:
            raise DataError(
                f"{path}: has the shape {values.shape}; its index expects {expected}. "
                "Delete both and build them again."
            )
        for row, clip_id in enumerate(index["clip_ids"]):
            if clip_id in self._places:
                raise DataError(f"{path}: clip {clip_id!r} is packed twice; expected once")
            self._places[clip_id] = (len(self._shards), row)
        self._shards.append(values)

    @property
    def clip_ids(self) -> tuple[str, ...]:
        """All clips, in the order of the shards."""
        return tuple(self._places)

    def rows(self, clip_ids: Sequence[str]) -> np.ndarray:
        """Features of these clips in this order: float32 (clips, *shape), in memory.

        Raises:
            DataError: a clip is in no shard.
        """
        values = np.empty((len(clip_ids), *self.shape), dtype=np.float32)
        for position, clip_id in enumerate(clip_ids):
            if clip_id not in self._places:
                raise DataError(
                    f"clip {clip_id!r} is in none of the feature shards, which hold "
                    f"{len(self._places)} clips; check that the shards belong to this dataset"
                )
            shard, row = self._places[clip_id]
            values[position] = self._shards[shard][row]
        return values
