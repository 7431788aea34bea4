import numpy as np
import pytest
import scipy.linalg
import scipy.stats
import torch
from channel_images import whitened_by_singular_values

from retable.features.whitening import SMALLEST_VARIANCE, whitened, whitening_matrix


def correlated(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    """Rows that share what they vary by, have means and unequal variances: (rows, columns)."""
    generator = np.random.default_rng(seed)
    mixing = generator.standard_normal((rows, rows)) * np.geomspace(0.1, 10, rows)[:, None]
    return mixing @ generator.standard_normal((rows, columns)) + np.arange(rows)[:, None]


def test_two_variables_by_hand():
    """[[2, 1], [1, 2]] has 3 along (1, 1) and 1 along (1, -1): roots of 1/3 and 1 along the same.

    With epsilon 0.5 and the mean eigenvalue 2, they are those of 1 / (3 + 1) and 1 / (1 + 1).
    """
    covariance = torch.tensor([[2.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
    for epsilon, along, across in ((1e-12, 3, 1), (0.5, 4, 2)):
        sum_, difference = along**-0.5, across**-0.5
        same, other = (sum_ + difference) / 2, (sum_ - difference) / 2
        matrix = whitening_matrix(covariance, epsilon)
        np.testing.assert_allclose(matrix, [[same, other], [other, same]], atol=1e-10)


def test_the_matrix_is_scipys_inverse_square_root():
    covariance = np.cov(correlated(12, 200))
    for epsilon in (1e-5, 0.1):
        ridge = epsilon * np.trace(covariance) / 12 * np.eye(12)
        expected = scipy.linalg.fractional_matrix_power(covariance + ridge, -0.5)
        matrix = whitening_matrix(torch.from_numpy(covariance), epsilon).numpy()
        np.testing.assert_allclose(matrix, expected, rtol=1e-8, atol=1e-10)


def test_rows_become_centred_and_uncorrelated_with_unit_variance():
    image = whitened(correlated(12, 200), 1e-12)
    np.testing.assert_allclose(image.mean(axis=1), 0, atol=1e-10)
    np.testing.assert_allclose(np.cov(image), np.eye(12), atol=1e-6)


@pytest.mark.parametrize("epsilon", [1e-5, 1e-2, 1.0])
def test_epsilon_is_in_units_of_the_mean_eigenvalue(epsilon):
    image = correlated(12, 200)
    before = np.linalg.eigvalsh(np.cov(image))
    after = np.linalg.eigvalsh(np.cov(whitened(image, epsilon)))
    np.testing.assert_allclose(after, before / (before + epsilon * before.mean()), rtol=1e-8)
    np.testing.assert_allclose(whitened(1000 * image, epsilon), whitened(image, epsilon))


def test_no_other_whitening_is_as_close_to_the_centred_image():
    """Kessy et al., section 3: ZCA minimises the sum of squared distances over all rotations."""
    image = correlated(8, 300)
    centred = image - image.mean(axis=1, keepdims=True)
    closest = whitened(image, 1e-12)
    distance = ((closest - centred) ** 2).sum()
    for seed in range(20):
        rotation = scipy.stats.ortho_group.rvs(8, random_state=seed)
        other = rotation @ closest
        np.testing.assert_allclose(np.cov(other), np.eye(8), atol=1e-6)
        assert ((other - centred) ** 2).sum() > distance


@pytest.mark.parametrize(("rows", "columns"), [(12, 200), (128, 98), (128, 128), (128, 2), (1, 50)])
def test_with_fewer_columns_than_rows_too(rows, columns):
    image = correlated(rows, columns)
    expected = whitened_by_singular_values(image, 1e-5)
    np.testing.assert_allclose(whitened(image, 1e-5), expected, atol=1e-6)
    assert np.linalg.matrix_rank(expected, tol=1e-6) == min(rows, columns - 1)


def test_columns_that_were_interpolated_add_no_dimension():
    """98 columns are resized to 256 in the paper's third channel: 97 dimensions, of 128 rows."""
    narrow = correlated(128, 98)
    position = np.linspace(0, 97, 256)
    wide = np.stack([np.interp(position, np.arange(98), row) for row in narrow])
    image = whitened(wide, 1e-5)
    np.testing.assert_allclose(image, whitened_by_singular_values(wide, 1e-5), atol=1e-6)
    variances = np.linalg.eigvalsh(np.cov(image))
    assert variances[:31].max() < 1e-9
    assert 0.1 < variances[31:].mean() <= 1


@pytest.mark.parametrize("level", [0, 0.1, -13.815511])
@pytest.mark.parametrize("columns", [1, 98, 256])
def test_rows_that_do_not_vary_become_zeros(level, columns):
    constant = np.full((128, columns), level, np.float32)
    assert (whitened(constant, 1e-5) == 0).all()
    assert (whitened(constant + np.arange(128)[:, None], 1e-5) == 0).all()


def test_rows_that_hardly_vary_become_zeros():
    image = correlated(12, 200)
    image /= np.sqrt(np.trace(np.cov(image)) / 12)
    assert (whitened(0.9 * SMALLEST_VARIANCE**0.5 * image, 1e-5) == 0).all()
    least = whitened(1.1 * SMALLEST_VARIANCE**0.5 * image, 1e-5)
    np.testing.assert_allclose(least, whitened(image, 1e-5))


def test_each_image_of_a_batch_is_whitened_on_its_own():
    silent = np.full((12, 200), -13.8)
    images = np.stack([correlated(12, 200, seed=1), silent, correlated(12, 200, seed=2)])
    together = whitened(images, 1e-5)
    for alone, image in zip(together, images, strict=True):
        np.testing.assert_array_equal(alone, whitened(image, 1e-5))
    assert (together[1] == 0).all()
    assert whitened(images[None], 1e-5).shape == (1, 3, 12, 200)


def test_float32_is_computed_in_double_precision():
    image = correlated(64, 40).astype(np.float32)
    result = whitened(image, 1e-5)
    assert result.dtype == np.float64
    np.testing.assert_array_equal(result, whitened(image.astype(np.float64), 1e-5))
