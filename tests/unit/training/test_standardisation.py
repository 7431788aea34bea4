import json

import numpy as np
import pandas as pd
import pytest

from retable.errors import DataError
from retable.training.standardisation import (
    COLUMNS,
    read_standardisation,
    write_standardisation,
)

CHANNELS = ("left", "right", "mid")
BANDS, FRAMES = 5, 7
CLIPS = [f"clip{number}" for number in range(9)]
FOLDS = {
    (0, 0): {"train": CLIPS[:4], "validation": CLIPS[4:6], "test": CLIPS[6:]},
    (0, 1): {"train": CLIPS[2:7], "test": CLIPS[7:]},
}


SHAPE = (len(CHANNELS), BANDS, FRAMES)


def sample_images(shape=SHAPE) -> np.ndarray:
    """Images (clips, *shape) whose bands and channels differ in mean and deviation."""
    generator = np.random.default_rng(0)
    scale = generator.uniform(0.5, 3, shape[:-1])[..., None]
    offset = generator.uniform(-20, 5, shape[:-1])[..., None]
    values = generator.standard_normal((len(CLIPS), *shape)) * scale + offset
    return values.astype(np.float16)


def write_store(folder, images, channels=CHANNELS):
    """Two shards of a feature store."""
    shards = []
    for number, clips in enumerate((slice(0, 4), slice(4, None))):
        data = folder / f"shard{number:03d}.npy"
        np.save(data, images[clips])
        index = {
            "clip_ids": CLIPS[clips],
            "shape": images.shape[1:],
            "dtype": str(images.dtype),
            "feature": {"channels": channels} if channels else {},
        }
        data.with_suffix(".json").write_text(json.dumps(index))
        shards.append(data)
    return shards


def write_roles(folder, folds=FOLDS):
    path = folder / "roles.tsv"
    rows = [
        (repeat, fold, clip_id, role)
        for (repeat, fold), by_role in folds.items()
        for role, clips in by_role.items()
        for clip_id in clips
    ]
    table = pd.DataFrame(rows, columns=["repeat", "fold", "clip_id", "role"])
    table.to_csv(path, sep="\t", index=False)
    return path


def standardised(folder, images, by, folds=FOLDS, channels=CHANNELS):
    """What is read back of the statistics of these images."""
    output = folder / "standardisation.tsv"
    write_standardisation(
        write_store(folder, images, channels), write_roles(folder, folds), by, output
    )
    return read_standardisation(output)


def training_images(images, place):
    """(channels, bands, training clips * frames) in float64."""
    rows = [CLIPS.index(clip) for clip in FOLDS[place]["train"]]
    return np.concatenate(images[rows].astype(np.float64), axis=-1)


def test_statistics_are_those_of_the_training_images_laid_end_to_end(tmp_path):
    images = sample_images()
    found = standardised(tmp_path, images, "band_and_channel")
    assert found.keys() == FOLDS.keys()
    for place, standardisation in found.items():
        training = training_images(images, place)
        np.testing.assert_allclose(standardisation.mean, training.mean(axis=-1), rtol=1e-6)
        np.testing.assert_allclose(standardisation.sd, training.std(axis=-1), rtol=1e-6)
        assert standardisation.mean.dtype == standardisation.sd.dtype == np.float32


def test_bands_alone_share_their_statistics_over_channels(tmp_path):
    images = sample_images()
    found = standardised(tmp_path, images, "band")
    for place, standardisation in found.items():
        training = training_images(images, place)
        expected = np.stack([training.mean(axis=(0, 2))] * 3)
        np.testing.assert_allclose(standardisation.mean, expected, rtol=1e-6)
        expected = np.stack([training.std(axis=(0, 2))] * 3)
        np.testing.assert_allclose(standardisation.sd, expected, rtol=1e-6)


@pytest.mark.parametrize("by", ["band", "band_and_channel"])
def test_standardised_training_clips_have_zero_mean_and_unit_variance(tmp_path, by):
    images = sample_images()
    found = standardised(tmp_path, images, by)[0, 1]
    training = training_images(images, (0, 1))
    values = (training - found.mean[..., None]) / found.sd[..., None]
    axes = (0, 2) if by == "band" else (2,)
    np.testing.assert_allclose(values.mean(axis=axes), 0, atol=1e-5)
    np.testing.assert_allclose(values.std(axis=axes), 1, rtol=1e-5)


@pytest.mark.parametrize("by", ["band", "band_and_channel"])
def test_clips_that_do_not_train_do_not_matter(tmp_path, by):
    images = sample_images()
    first = standardised(tmp_path, images, by)
    changed = images.copy()
    changed[4:] = 7
    second = standardised(tmp_path, changed, by)
    np.testing.assert_array_equal(first[0, 0].mean, second[0, 0].mean)
    np.testing.assert_array_equal(first[0, 0].sd, second[0, 0].sd)
    assert (first[0, 1].mean != second[0, 1].mean).all()


def test_the_file_names_channels_and_counts_bands(tmp_path):
    standardised(tmp_path, sample_images(), "band_and_channel")
    table = pd.read_csv(tmp_path / "standardisation.tsv", sep="\t")
    assert tuple(table.columns) == COLUMNS
    assert len(table) == len(FOLDS) * len(CHANNELS) * BANDS
    assert table["channel"].unique().tolist() == list(CHANNELS)
    assert table["band"][:6].tolist() == [0, 1, 2, 3, 4, 0]


def test_equal_features_give_equal_bytes(tmp_path):
    contents = []
    for _ in range(2):
        standardised(tmp_path, sample_images(), "band")
        contents.append((tmp_path / "standardisation.tsv").read_bytes())
    assert contents[0] == contents[1]


def test_images_without_a_channel_axis_have_one_channel(tmp_path):
    images = sample_images((BANDS, FRAMES))
    found = standardised(tmp_path, images, "band", channels=None)[0, 0]
    training = training_images(images, (0, 0))
    np.testing.assert_allclose(found.mean, training.mean(axis=-1)[None], rtol=1e-6)
    np.testing.assert_allclose(found.sd, training.std(axis=-1)[None], rtol=1e-6)


def test_a_silent_band_is_centred_and_not_scaled(tmp_path):
    images = sample_images()
    images[:4, 0, 2] = -23.03
    found = standardised(tmp_path, images, "band_and_channel")[0, 0]
    assert found.sd[0, 2] == 1
    assert found.mean[0, 2] == np.float16(-23.03)
    assert (np.delete(found.sd.ravel(), 2) != 1).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_feature_that_is_not_finite_is_named(tmp_path, value):
    images = sample_images()
    images[3, 1, 2, 3] = value
    with pytest.raises(DataError, match="feature of clip 'clip3' is not finite"):
        standardised(tmp_path, images, "band")


def test_a_fold_without_training_clips_is_named(tmp_path):
    folds = FOLDS | {(0, 2): {"test": CLIPS}}
    with pytest.raises(DataError, match=r"roles\.tsv: repeat 0, fold 2 has no clip .* train"):
        standardised(tmp_path, sample_images(), "band", folds)


def test_a_training_clip_without_a_feature_is_named(tmp_path):
    folds = {(0, 0): {"train": ["absent"], "test": CLIPS}}
    with pytest.raises(DataError, match="clip 'absent' is in none of the feature shards"):
        standardised(tmp_path, sample_images(), "band", folds)


def test_vectors_have_no_bands(tmp_path):
    with pytest.raises(DataError, match=r"shape \(7,\) a clip; .* `standardise: none`"):
        standardised(tmp_path, sample_images((FRAMES,)), "band", channels=None)


def test_an_image_in_colour_has_planes_and_no_bands(tmp_path):
    """One channel of three planes: statistics by row would run over all of them."""
    with pytest.raises(DataError, match=r"shape \(3, 5, 7\) a clip; .* `standardise: none`"):
        standardised(tmp_path, sample_images((3, BANDS, FRAMES)), "band", channels=None)


def test_a_table_with_a_row_missing_is_refused(tmp_path):
    standardised(tmp_path, sample_images(), "band")
    path = tmp_path / "standardisation.tsv"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    fault = r"standardisation\.tsv: repeat 0, fold 1 has 14 rows; .* 5 bands of 3 channels"
    with pytest.raises(DataError, match=fault):
        read_standardisation(path)
