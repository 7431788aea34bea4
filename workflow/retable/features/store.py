"""Packed features of fixed shape, in memory-mapped shards.

A shard is `NAME.npy`, an array (clips, *shape) that `numpy.load(mmap_mode="r")` reads, and
`NAME.json` with `clip_ids` in the order of the rows, `shape`, `dtype`, and `feature`: facts such as
an image's height and width, read from what was computed. A feature of several images a clip has
`channels` among them, their names; one that is cut into patches has `patch`, the fields of `Patch`.
"""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retable.audio.store import AudioStore
from retable.errors import DataError
from retable.features.extractor import Extractor
from retable.registry import FEATURES, load
from retable.spec.base import canonical_json
from retable.spec.feature import Feature

logger = logging.getLogger(__name__)

CLIPS_PER_BATCH = 32


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
    clip_ids = audio.clip_ids
    shape = extractor([extractor.silence()]).shape[1:]
    dtype = np.dtype(feature.dtype).newbyteorder("<")
    packed = np.lib.format.open_memmap(data, mode="w+", dtype=dtype, shape=(len(clip_ids), *shape))
    for start in range(0, len(clip_ids), CLIPS_PER_BATCH):
        batch = clip_ids[start : start + CLIPS_PER_BATCH]
        features = extractor([audio[clip_id] for clip_id in batch])
        _check_finite(features, batch, audio_data)
        packed[start : start + len(batch)] = features
        logger.info("%s of %d of %d clips", feature.kind, start + len(batch), len(clip_ids))
    packed.flush()
    content = {
        "clip_ids": clip_ids,
        "shape": shape,
        "dtype": feature.dtype,
        "feature": extractor.facts(),
    }
    index.write_text(canonical_json(content) + "\n", encoding="utf-8")


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
        extractor.check_lengths({clip_id: audio[clip_id].shape[-1] for clip_id in audio.clip_ids})
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
    """Features of the clips of one or more shards, by clip."""

    def __init__(self, data_paths: Iterable[Path]):
        """Open the shards; each index lies beside its data, with the suffix `.json`.

        Raises:
            DataError: shards differ in shape, in dtype or in what they hold, share a clip, do not
                fit their index, or none is given.
        """
        self._shards: list[np.ndarray] = []
        self._places: dict[str, tuple[int, int]] = {}
        facts = [self._open_shard(Path(path)) for path in data_paths]
        self.shape: tuple[int, ...] = _the_only("shapes", [s.shape[1:] for s in self._shards])
        """Shape of one clip's feature."""
        self.dtype: np.dtype = _the_only(
            "dtypes", [s.dtype.newbyteorder("=") for s in self._shards]
        )
        """That of the stored values, in native byte order."""
        described = json.loads(_the_only("facts", [canonical_json(fact) for fact in facts]))
        self.facts: dict[str, Any] = described
        """What the extractor says of the feature, as the index of every shard has it."""
        self.channels: tuple[str, ...] = tuple(described.get("channels", ["mono"]))
        """Names of a clip's images, in their order along the first axis of `shape` where there are
        several."""
        self.patch: Patch | None = Patch(**described["patch"]) if "patch" in described else None
        """How images are cut; None where the network sees a clip whole."""

    def _open_shard(self, path: Path) -> dict[str, Any]:
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
        return index["feature"]

    @property
    def clip_ids(self) -> tuple[str, ...]:
        """All clips, in the order of the shards."""
        return tuple(self._places)

    def rows(self, clip_ids: Sequence[str]) -> np.ndarray:
        """Features of these clips in this order: (clips, *shape) of `dtype`, in memory.

        Raises:
            DataError: a clip is in no shard.
        """
        values = np.empty((len(clip_ids), *self.shape), dtype=self.dtype)
        for position, clip_id in enumerate(clip_ids):
            if clip_id not in self._places:
                raise DataError(
                    f"clip {clip_id!r} is in none of the feature shards, which hold "
                    f"{len(self._places)} clips; check that the shards belong to this dataset"
                )
            shard, row = self._places[clip_id]
            values[position] = self._shards[shard][row]
        return values


def _the_only(what: str, values: Iterable[Any]) -> Any:
    distinct = sorted(set(values), key=str)
    if len(distinct) != 1:
        raise DataError(
            f"feature shards have the {what} {distinct}; expected exactly one. "
            "Delete them and build them again."
        )
    return distinct[0]
