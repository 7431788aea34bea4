"""Mean and standard deviation of features over the training clips of a fold, band by band.

mixup_mtl does not say how its log-mel images are normalised; this is the usual way, and it must see
training clips alone: statistics over all clips would tell a network about its test set.
"""

import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from retable.errors import DataError
from retable.features.store import FeatureStore
from retable.spec.paper import StandardiseBy
from retable.splits.roles import read_roles
from retable.tsv import as_numbers, read_tsv, write_tsv

logger = logging.getLogger(__name__)

COLUMNS = ("repeat", "fold", "channel", "band", "mean", "sd")

SMALLEST_DEVIATION = 1e-5
"""A band that varies less over the training clips (digital silence, or the difference of two equal
channels) is centred and not scaled, as scikit-learn does: dividing by its deviation would blow up
whatever a test clip has there."""

CLIPS_PER_PROGRESS_LINE = 1000


@dataclass(frozen=True)
class Standardisation:
    """What makes features zero mean and unit variance: `(feature - mean) / sd`."""

    mean: np.ndarray
    """float32 (channels, bands)."""
    sd: np.ndarray
    """float32 (channels, bands), never 0."""


def write_standardisation(
    feature_shards: Iterable[Path], roles: Path, by: StandardiseBy, output: Path
) -> None:
    """Write the statistics of every repeat and fold of a split.

    Args:
        feature_shards: data files of a store of images, (bands, frames) or (channels, bands,
            frames) a clip.
        roles: tsv with who plays which role in every repeat and fold.
        by: over what; `band` writes the same values for every channel.
        output: tsv with `COLUMNS`; channels by name, bands from 0, the lowest.

    Raises:
        DataError: the features are no images or not finite, a fold has no training clip, or a
            clip has no feature.
    """
    store = FeatureStore(feature_shards)
    training = {place: clips.get("train", []) for place, clips in read_roles(roles).items()}
    empty = [place for place, clips in training.items() if not clips]
    if empty:
        raise DataError(
            f"{roles}: repeat {empty[0][0]}, fold {empty[0][1]} has no clip with the role train; "
            "features are standardised over those. Give its split training clips."
        )
    needed = sorted({clip for clips in training.values() for clip in clips})
    means, variances = clip_statistics(store, needed)
    position = {clip_id: row for row, clip_id in enumerate(needed)}
    tables = []
    for (repeat, fold), clips in sorted(training.items()):
        rows = [position[clip] for clip in clips]
        found = combined(means[rows], variances[rows], by)
        tables.append(_table(found, store.channels).assign(repeat=repeat, fold=fold))
        logger.info("repeat %d, fold %d: %d training clips", repeat, fold, len(rows))
    write_tsv(pd.concat(tables)[list(COLUMNS)], output)


def clip_statistics(store: FeatureStore, clip_ids: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Means and variances over the frames of each clip: float64 (clips, channels, bands) both.

    One clip is in memory at a time.

    Raises:
        DataError: the features are no images, or one is not finite.
    """
    if len(store.shape) not in (2, 3) or math.prod(store.shape[:-2]) != len(store.channels):
        raise DataError(
            f"features have the shape {store.shape} a clip; only images can be standardised by "
            "band, (bands, frames) or (channels, bands, frames). Set `standardise: none`."
        )
    bands = store.shape[-2]
    means = np.empty((len(clip_ids), len(store.channels), bands))
    variances = np.empty_like(means)
    for row, clip_id in enumerate(clip_ids):
        image = store.rows([clip_id])[0].astype(np.float64).reshape(*means.shape[1:], -1)
        if not np.isfinite(image).all():
            raise DataError(
                f"the feature of clip {clip_id!r} is not finite; look for samples that are NaN or "
                "far beyond 1 in its file, or delete the feature's shards and build them again"
            )
        means[row], variances[row] = image.mean(axis=-1), image.var(axis=-1)
        if (row + 1) % CLIPS_PER_PROGRESS_LINE == 0:
            logger.info("read %d of %d clips", row + 1, len(clip_ids))
    return means, variances


def combined(means: np.ndarray, variances: np.ndarray, by: StandardiseBy) -> Standardisation:
    """Statistics over clips from those of each, (clips, channels, bands) both.

    All clips have as many frames, so that the mean is that of their means, and the variance is, by
    the law of total variance, the mean of their variances plus the variance of their means.
    """
    axes = (0, 1) if by == "band" else (0,)
    mean = means.mean(axis=axes)
    deviation = np.sqrt(variances.mean(axis=axes) + means.var(axis=axes))
    sd = np.where(deviation < SMALLEST_DEVIATION, 1.0, deviation)
    shape = means.shape[1:]
    return Standardisation(
        np.broadcast_to(mean, shape).astype(np.float32),
        np.broadcast_to(sd, shape).astype(np.float32),
    )


def _table(found: Standardisation, channels: Sequence[str]) -> pd.DataFrame:
    bands = found.mean.shape[1]
    return pd.DataFrame(
        {
            "channel": np.repeat(channels, bands),
            "band": np.tile(np.arange(bands), len(channels)),
            "mean": found.mean.ravel(),
            "sd": found.sd.ravel(),
        }
    )


def read_standardisation(path: Path) -> dict[tuple[int, int], Standardisation]:
    """Read what `write_standardisation` wrote.

    Returns:
        (repeat, fold) -> statistics, channels in the order of the features.

    Raises:
        DataError: the file is missing, or is no such table.
    """
    types = {"repeat": int, "fold": int, "band": int, "mean": np.float32, "sd": np.float32}
    table = as_numbers(read_tsv(path, COLUMNS), types, path)
    found = {}
    for _, rows in table.groupby(["repeat", "fold"]):
        repeat, fold = int(rows["repeat"].iloc[0]), int(rows["fold"].iloc[0])
        shape = rows["channel"].nunique(), rows["band"].nunique()
        if len(rows) != shape[0] * shape[1]:
            raise DataError(
                f"{path}: repeat {repeat}, fold {fold} has {len(rows)} rows; expected one for each "
                f"of {shape[1]} bands of {shape[0]} channels. Remove it and build it again."
            )
        mean, sd = (rows[column].to_numpy().reshape(shape) for column in ("mean", "sd"))
        found[repeat, fold] = Standardisation(mean, sd)
    return found
