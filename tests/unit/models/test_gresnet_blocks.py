import numpy as np
import pytest
import torch
from scipy.signal import correlate2d
from torch import nn

from retable.models.gresnet import GatedBlock, SerialBlock, block_widths
from retable.spec.model import GatedResNet, Stem


def spec(f1: str, f2: str, block: str = "gated") -> GatedResNet:
    """A 1 x 1 and a 3 x 3 convolution; of the other sizes a block reads none."""
    return GatedResNet.model_validate(
        {
            "kind": "gresnet",
            "block": block,
            "f1": f1,
            "f2": f2,
            "kernel1": 1,
            "kernel2": 3,
            "filters": (4,),
            "depth": 1,
            "stem": Stem(filters=4, kernel=3, stride=1, pool=0),
            "pooling": "average",
            "hidden": 4,
        }
    )


def images(batch: int, rows: int, frames: int) -> torch.Tensor:
    return torch.randn(batch, 1, rows, frames, generator=torch.Generator().manual_seed(0))


def normalised_convolution(
    x: np.ndarray, convolution: nn.Conv2d, normalisation: nn.BatchNorm2d, stride: int
) -> np.ndarray:
    """Convolution and normalisation with running statistics, of (channels, rows, frames)."""
    weight = convolution.weight.detach().numpy().astype(np.float64)
    margin = weight.shape[-1] // 2
    padded = np.pad(x, ((0, 0), (margin, margin), (margin, margin)))
    y = np.stack(
        [
            sum(
                correlate2d(plane, kernel, "valid")
                for plane, kernel in zip(padded, out, strict=True)
            )
            for out in weight
        ]
    )[:, ::stride, ::stride]
    mean, variance, scale, shift = (
        value.detach().numpy()[:, None, None]
        for value in (
            normalisation.running_mean,
            normalisation.running_var,
            normalisation.weight,
            normalisation.bias,
        )
    )
    return (y - mean) / np.sqrt(variance + normalisation.eps) * scale + shift


def with_given_statistics(block: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(1)
    for module in block.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3, generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)
            nn.init.uniform_(module.weight, 0.5, 1.5, generator=generator)
            nn.init.normal_(module.bias, 0, 0.3, generator=generator)
    return block.eval()


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_equation_7():
    block = with_given_statistics(GatedBlock(3, 3, 1, spec("tanh", "4sigmoid-2")))
    x = images(1, 6, 7).expand(1, 3, 6, 7) * torch.tensor([1.0, -0.5, 2.0])[:, None, None]
    a = x[0].numpy().astype(np.float64)

    f1 = np.tanh(normalised_convolution(a, block.convolution1, block.normalisation1, 1))
    f2 = 4 * sigmoid(normalised_convolution(a, block.convolution2, block.normalisation2, 1)) - 2

    np.testing.assert_allclose(block(x).detach()[0], f1 * f2 + a, rtol=1e-4, atol=1e-5)


def test_equation_8_with_a_change_of_width():
    block = with_given_statistics(GatedBlock(2, 4, 2, spec("relu", "sigmoid")))
    x = torch.cat([images(1, 6, 7), images(1, 6, 7).flip(2)], dim=1)
    a = x[0].numpy().astype(np.float64)
    m = block.shortcut.weight.detach().numpy()[:, :, 0, 0]

    f1 = np.maximum(normalised_convolution(a, block.convolution1, block.normalisation1, 2), 0)
    f2 = sigmoid(normalised_convolution(a, block.convolution2, block.normalisation2, 2))
    mx = np.einsum("oi,irf->orf", m, a[:, ::2, ::2])

    np.testing.assert_allclose(block(x).detach()[0], f1 * f2 + mx, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["residual", "plain"])
def test_comparators_have_the_two_convolutions_in_series(kind):
    block = with_given_statistics(SerialBlock(2, 2, 1, spec("relu", "relu", kind)))
    x = torch.cat([images(1, 6, 7), images(1, 6, 7).flip(2)], dim=1)
    a = x[0].numpy().astype(np.float64)

    y = np.maximum(normalised_convolution(a, block.convolution1, block.normalisation1, 1), 0)
    y = normalised_convolution(y, block.convolution2, block.normalisation2, 1)
    expected = np.maximum(y + a if kind == "residual" else y, 0)

    np.testing.assert_allclose(block(x).detach()[0], expected, rtol=1e-4, atol=1e-5)


def test_widths_are_cut_or_the_last_repeated():
    assert block_widths((32, 64), 1) == (32,)
    assert block_widths((32, 64), 4) == (32, 64, 64, 64)
