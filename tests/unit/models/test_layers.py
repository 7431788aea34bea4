import pytest
import torch
from torch import nn

from retable.errors import ConfigError
from retable.models.layers import GridAverage, image_shape


@pytest.mark.parametrize(
    ("cells", "size"),
    [(1, (17, 25)), (4, (17, 25)), (4, (9, 4)), (4, (3, 2)), (4, (1, 1)), (6, (7, 7)), (7, (7, 7))],
)
def test_grid_averages_and_gradients_equal_adaptive_average_pooling(cells, size):
    """7 x 7 to 6 x 6 are AlexNet's on 256 x 256, 7 x 7 to 7 x 7 VGG's on 224 x 224."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 2, *size, generator=generator, requires_grad=True)
    weights = torch.randn(3, 2 * cells**2, generator=generator)

    expected = nn.AdaptiveAvgPool2d(cells)(x).flatten(1)
    (expected_gradient,) = torch.autograd.grad((expected * weights).sum(), x)
    found = GridAverage(cells)(x)
    (gradient,) = torch.autograd.grad((found * weights).sum(), x)

    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(gradient, expected_gradient)


def test_the_shape_of_an_image():
    assert image_shape("gresnet", (3, 256, 200)) == (3, 256, 200)


@pytest.mark.parametrize("shape", [(1, 20000), (20000,), (1, 2, 3, 4)])
def test_what_is_no_image_is_refused(shape):
    expected = (
        f"model gresnet: 1 fault\n  - the feature's samples have the shape "
        f"{'x'.join(map(str, shape))}; expected channels, rows and frames"
    )
    with pytest.raises(ConfigError, match=expected):
        image_shape("gresnet", shape)
