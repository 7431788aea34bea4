"""Packed features of one shape, in shards.

A shard is `NAME.npy`, an array (clips, *shape) that `numpy.load` reads, and `NAME.json` with
`clip_ids` in the order of the rows, `shape`, `dtype`, and `feature`: facts such as an image's
height and width, read from what was computed. A feature of several images a clip has `channels`
among them, their names; one that is cut into patches has `patch`, the fields of `Patch`. Where
clips have lengths of their own, the index has `lengths` too, in the order of the rows: how much of
the last axis is the clip; the rest is zeros.
"""

import json
import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from retable.audio.packed import PackedArray, PackedWriter
from retable.audio.store import AudioStore
from retable.errors import DataError
from retable.features.extractor import Extractor
from retable.registry import FEATURES, load
from retable.spec.base import canonical_json
from retable.spec.feature import Feature

logger = logging.getLogger(__name__)

BATCH_BYTES = 8 * 2**20
"""Audio and features of the clips that are computed at a time; one clip may have more. Computing
takes several times as much, and larger batches are no faster."""


@dataclass(frozen=True)
class Patch:
    """How the images of a clip are cut: patch k starts at column `k * hop_frames`."""

    frames: int
    """Columns of a patch."""
    hop_frames: int
    patches: int
    """Patches of an image."""


def write_feature_shard(feature: Feature, audio_data: Path, data: Path, index: Path) -> None:
    """Compute a feature for every clip of an audio shard, batch by batch.

    Args:
        feature: what to compute.
        audio_data: `.npy` of the audio shard; its index lies beside it.
        data: the `.npy` to write.
        index: the `.json` to write.

    Raises:
        ConfigError: the kind of feature is not registered, or cannot be computed like that.
        DataError: the audio is at another rate or in another layout than the feature asks for, a
            clip is too short for it, or its feature is not finite.
    """
    extractor: Extractor = load(FEATURES, feature.kind)(feature)
    audio = AudioStore([audio_data])
    _check_audio(audio, feature, extractor, audio_data)
    shape = extractor([extractor.silence()]).shape[1:]
    dtype = np.dtype(feature.dtype)
    written = 0
    with PackedWriter(data, dtype, shape) as packed:
        for batch in _batches(audio, math.prod(shape) * dtype.itemsize):
            features = extractor([audio[clip_id] for clip_id in batch])
            _check_finite(features, batch, audio_data)
            packed.append(features)
            written += len(batch)
            logger.info("%s of %d of %d clips", feature.kind, written, len(audio.clip_ids))
    content: dict[str, Any] = {
        "clip_ids": audio.clip_ids,
        "shape": shape,
        "dtype": feature.dtype,
        "feature": extractor.facts(),
    }
    if extractor.stored_length(extractor.silence().shape[-1]) is not None:
        content["lengths"] = [extractor.stored_length(n) for n in audio.lengths.values()]
    index.write_text(canonical_json(content) + "\n", encoding="utf-8")


def _batches(audio: AudioStore, feature_bytes: int) -> Iterator[list[str]]:
    """All clips in their order, as many at a time as BATCH_BYTES hold, and one at least."""
    batch: list[str] = []
    total = 0
    for clip_id, frames in audio.lengths.items():
        needed = frames * audio.bytes_per_frame + feature_bytes
        if batch and total + needed > BATCH_BYTES:
            yield batch
            batch, total = [], 0
        batch.append(clip_id)
        total += needed
    if batch:
        yield batch


def _check_audio(
    audio: AudioStore, feature: Feature, extractor: Extractor, audio_data: Path
) -> None:
    if audio.sample_rate != feature.sample_rate:
        raise DataError(
            f"{audio_data}: audio is at {audio.sample_rate} Hz, but the feature {feature.kind} "
            f"expects {feature.sample_rate} Hz; give it audio resampled to that rate"
        )
    if audio.layout != feature.audio_layout:
        raise DataError(
            f"{audio_data}: audio is {audio.layout}, but the feature {feature.kind} with these "
            f"channels expects {feature.audio_layout}; give it audio packed like that"
        )
    try:
        extractor.check_lengths(audio.lengths)
    except DataError as error:
        raise DataError(f"{audio_data}: {error}") from error


def _check_finite(features: np.ndarray, clip_ids: Sequence[str], audio_data: Path) -> None:
    finite = np.isfinite(features).all(axis=tuple(range(1, features.ndim)))
    if not finite.all():
        raise DataError(
            f"{audio_data}: the feature of clip {clip_ids[int(finite.argmin())]!r} is not finite "
            f"in {features.dtype}; look for samples that are NaN or far beyond 1 in its file, or "
            "give the feature `dtype: float32`"
        )


class FeatureStore:
    """Features of the clips of one or more shards, by clip, read when they are asked for."""

    def __init__(self, data_paths: Iterable[Path]):
        """Open the shards; each index lies beside its data, with the suffix `.json`.

        Raises:
            DataError: shards differ in shape, in dtype or in what they hold, share a clip, do not
                fit their index or are no arrays, or none is given.
        """
        self._shards: list[PackedArray] = []
        self._places: dict[str, tuple[int, int]] = {}
        self._lengths: dict[str, int] = {}
        indices = [self._open_shard(Path(path)) for path in data_paths]
        self.shape: tuple[int, ...] = _the_only("shapes", [s.shape[1:] for s in self._shards])
        """Shape of one clip's feature."""
        self.dtype: np.dtype = _the_only("dtypes", [s.dtype for s in self._shards])
        """That of the values, in native byte order."""
        described = json.loads(
            _the_only("facts", [canonical_json(index["feature"]) for index in indices])
        )
        self.facts: dict[str, Any] = described
        """What the extractor says of the feature, as the index of every shard has it."""
        self.channels: tuple[str, ...] = tuple(described.get("channels", ["mono"]))
        """Names of a clip's images, in their order along the first axis of `shape` where there are
        several."""
        self.patch: Patch | None = Patch(**described["patch"]) if "patch" in described else None
        """How images are cut; None where the network sees a clip whole."""
        self.crop: int | None = described.get("crop")
        """How much of the last axis a network sees at once; None where it sees all of it."""
        ways = ["with their lengths" if "lengths" in index else "whole" for index in indices]
        self._ragged: bool = _the_only("clips", ways) != "whole"

    def _open_shard(self, path: Path) -> dict[str, Any]:
        index = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        values = PackedArray(path)
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
        if "lengths" in index:
            self._lengths |= _checked_lengths(index, path)
        self._shards.append(values)
        return index

    @property
    def clip_ids(self) -> tuple[str, ...]:
        """All clips, in the order of the shards."""
        return tuple(self._places)

    def lengths(self, clip_ids: Sequence[str]) -> np.ndarray | None:
        """How much of the last axis is the clip, the rest being zeros.

        Returns:
            Int64 (clips,), or None where every clip fills the whole of it.

        Raises:
            DataError: a clip is in no shard.
        """
        if not self._ragged:
            return None
        for clip_id in clip_ids:
            self._place(clip_id)
        return np.array([self._lengths[clip_id] for clip_id in clip_ids], dtype=np.int64)

    def rows(self, clip_ids: Sequence[str]) -> np.ndarray:
        """Features of these clips in this order: (clips, *shape) of `dtype`, in memory.

        Neighbouring rows of a shard are read in one go.

        Raises:
            DataError: a clip is in no shard, or a shard has become shorter.
        """
        places = np.array([self._place(clip_id) for clip_id in clip_ids], dtype=np.int64)
        places = places.reshape(-1, 2)
        values = np.empty((len(clip_ids), *self.shape), dtype=self.dtype)
        # A row continues the one before it if it is the next one of the same shard.
        breaks = 1 + np.flatnonzero((np.diff(places, axis=0) != (0, 1)).any(axis=1))
        for start, stop in pairwise(sorted({0, *breaks.tolist(), len(places)})):
            shard, row = places[start].tolist()
            self._shards[shard].read_into(values[start:stop], row)
        return values

    def _place(self, clip_id: str) -> tuple[int, int]:
        """Shard and row of a clip."""
        if clip_id not in self._places:
            raise DataError(
                f"clip {clip_id!r} is in none of the feature shards, which hold "
                f"{len(self._places)} clips; check that the shards belong to this dataset"
            )
        return self._places[clip_id]


def _checked_lengths(index: dict[str, Any], path: Path) -> dict[str, int]:
    """Length of each clip of a shard."""
    clip_ids, lengths, longest = index["clip_ids"], index["lengths"], index["shape"][-1]
    if len(lengths) != len(clip_ids) or not all(0 < length <= longest for length in lengths):
        raise DataError(
            f"{path.with_suffix('.json')}: its `lengths` are not one of 1 to {longest} for each of "
            f"{len(clip_ids)} clips. Delete it and its data and build them again."
        )
    return dict(zip(clip_ids, lengths, strict=True))


def _the_only(what: str, values: Iterable[Any]) -> Any:
    distinct = sorted(set(values), key=str)
    if len(distinct) != 1:
        raise DataError(
            f"feature shards have the {what} {distinct}; expected exactly one. "
            "Delete them and build them again."
        )
    return distinct[0]
