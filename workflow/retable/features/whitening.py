"""ZCA-Mahalanobis whitening (Kessy, Lewin, Strimmer 2018: Optimal whitening and decorrelation).

Rows of an image are variables and its columns samples of them. Of all matrices that decorrelate
centred variables and give them unit variance, `covariance ** (-1/2)` is the one whose result is
closest to them in the least squares sense. It is PCA whitening turned back into the basis of the
rows.

Here, as in densenet_ser, an image may have fewer columns than rows. Its covariance then has no
inverse: a fraction `epsilon` of the mean eigenvalue is added to each, so that what varies little
stays small and what does not vary stays zero.
"""

import numpy as np
import torch

SMALLEST_VARIANCE = 1e-10
"""Images whose rows vary less on average (those of digital silence, but for rounding) become zeros
and are not blown up."""


def whitening_matrix(covariance: torch.Tensor, epsilon: float) -> torch.Tensor:
    """The inverse square root of covariance matrices, each regularised.

    Args:
        covariance: symmetric, float64 (..., rows, rows).
        epsilon: added to each eigenvalue, in units of their mean.

    Returns:
        Symmetric, of the same shape; zeros where the mean eigenvalue is below SMALLEST_VARIANCE.
    """
    eigenvalues, eigenvectors = torch.linalg.eigh(covariance)
    mean = eigenvalues.mean(dim=-1, keepdim=True)
    # Rounding may make a zero eigenvalue negative.
    regularised = eigenvalues.clamp_min(0) + epsilon * mean.clamp_min(SMALLEST_VARIANCE)
    scales = torch.where(mean < SMALLEST_VARIANCE, 0.0, regularised.rsqrt())
    return (eigenvectors * scales[..., None, :]) @ eigenvectors.mT


def whitened(images: np.ndarray, epsilon: float) -> np.ndarray:
    """Images with rows that are centred, uncorrelated and, but for epsilon, of unit variance.

    An eigenvalue of the covariance (that of `numpy.cov`) which was v becomes v / (v + epsilon m), m
    being the mean of all.

    Args:
        images: finite, (..., rows, columns); each is whitened on its own.
        epsilon: as `whitening_matrix` takes it.

    Returns:
        Float64 of the same shape.
    """
    # In double precision: eigenvalues of log spectrograms span more digits than float32 has.
    values = torch.from_numpy(images).double()
    centred = values - values.mean(dim=-1, keepdim=True)
    covariance = centred @ centred.mT / max(centred.shape[-1] - 1, 1)
    return (whitening_matrix(covariance, epsilon) @ centred).numpy()
