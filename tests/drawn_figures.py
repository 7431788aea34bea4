"""What every figure must be, for the tests of those that draw them."""

from pathlib import Path

import numpy as np
from PIL import Image

Drawn = tuple[Path, Path]
"""SVG and PNG of one figure."""


def assert_same_bytes_and_readable(first: Drawn, second: Drawn, wider_than: int = 600) -> None:
    """Two drawings of equal inputs agree byte for byte, and show something."""
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
    svg, png = first
    assert "<svg" in svg.read_text()
    image = np.asarray(Image.open(png).convert("L"))
    assert image.shape[1] > wider_than
    assert 5 < image.std() < 120  # neither blank nor noise
