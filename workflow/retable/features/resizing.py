"""Images of another size."""

import numpy as np
import torch
from torch.nn import functional


def resized(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """An image (rows, columns) of another size, by antialiased bilinear interpolation.

    That of Pillow's `resize`: pixels are areas, so that the corners of both images coincide.

    Args:
        image: floating point.
        size: rows and columns of the result.
    """
    batch = functional.interpolate(
        torch.from_numpy(image)[None, None],
        size=size,
        mode="bilinear",
        align_corners=False,
        antialias=True,
    )
    return batch[0, 0].numpy()
