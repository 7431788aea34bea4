import math

import numpy as np
import pytest
import torch

from retable.models.waveform_layers import (
    PooledConvolution,
    SameConvolution,
    SameMaxPool,
    same_padding,
)
from retable.spec.model import WaveformLayer


def waves(batch: int, channels: int, length: int) -> torch.Tensor:
    return torch.randn(batch, channels, length, generator=torch.Generator().manual_seed(0))


def naive_convolution(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """(inputs, n) to (outputs, n): the window of output t begins (kernel - 1) // 2 before t."""
    outputs, _, kernel = weight.shape
    length = x.shape[1]
    y = np.zeros((outputs, length))
    for output in range(outputs):
        for t in range(length):
            y[output, t] = bias[output]
            for tap in range(kernel):
                at = t - (kernel - 1) // 2 + tap
                if 0 <= at < length:
                    y[output, t] += weight[output, :, tap] @ x[:, at]
    return y


def naive_max_pool(x: np.ndarray, kernel: int, stride: int) -> np.ndarray:
    """(channels, n) to (channels, ceil(n / stride)), the maximum over what exists of a window."""
    length = x.shape[1]
    outputs = math.ceil(length / stride)
    missing = max((outputs - 1) * stride + kernel - length, 0)
    starts = [window * stride - missing // 2 for window in range(outputs)]
    return np.stack(
        [x[:, max(start, 0) : min(start + kernel, length)].max(axis=1) for start in starts], axis=1
    )


def test_an_even_kernel_of_stride_1_is_padded_by_one_more_at_the_end():
    """Keras: kernel 4 has 1 zero before and 2 after, kernel 10 has 4 and 5."""
    assert same_padding(20000, 4, 1) == (1, 2)
    assert same_padding(20000, 10, 1) == (4, 5)
    assert same_padding(20000, 3, 1) == (1, 1)


@pytest.mark.parametrize(
    ("length", "kernel", "stride", "expected"),
    [
        (20000, 4, 2, (1, 1)),  # 9999 * 2 + 4 - 20000 = 2
        (20001, 4, 2, (1, 2)),  # 10000 * 2 + 4 - 20001 = 3
        (5000, 10, 5, (2, 3)),  # 999 * 5 + 10 - 5000 = 5
        (5001, 10, 5, (4, 5)),  # 1000 * 5 + 10 - 5001 = 9
        (5004, 10, 5, (3, 3)),  # 1000 * 5 + 10 - 5004 = 6
        (10, 2, 5, (0, 0)),  # nothing is missing
    ],
)
def test_padding_of_a_pooling_depends_on_the_length(length, kernel, stride, expected):
    assert same_padding(length, kernel, stride) == expected


@pytest.mark.parametrize("kernel", [1, 3, 4, 10])
@pytest.mark.parametrize("length", [1, 7, 12])
def test_convolution_keeps_the_length(kernel, length):
    layer = SameConvolution(2, 3, kernel)
    torch.nn.init.normal_(layer.bias)
    x = waves(1, 2, length)
    expected = naive_convolution(
        x[0].numpy(), layer.weight.detach().numpy(), layer.bias.detach().numpy()
    )
    np.testing.assert_allclose(layer(x)[0].detach(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("kernel", "stride"), [(4, 2), (10, 5), (3, 3), (2, 5)])
@pytest.mark.parametrize("length", [1, 4, 5, 17, 30, 31])
def test_pooling_gives_one_value_for_each_stride_begun(kernel, stride, length):
    """Values below zero as well, so that a zero beyond the ends would be seen."""
    x = waves(1, 3, length) - 5
    found = SameMaxPool(kernel, stride)(x)
    assert found.shape == (1, 3, math.ceil(length / stride))
    np.testing.assert_array_equal(found[0], naive_max_pool(x[0].numpy(), kernel, stride))


def layer(dropout: float = 0.0) -> PooledConvolution:
    torch.manual_seed(0)
    spec = WaveformLayer(filters=4, kernel=4, pool=10, stride=5, dropout=dropout)
    module = PooledConvolution(2, spec)
    torch.nn.init.constant_(module.convolution.bias, 0.5)
    return module


def test_convolution_then_relu_then_pooling():
    module, x = layer(), waves(1, 2, 20)
    weight, bias = module.convolution.weight.detach().numpy(), np.full(4, 0.5)
    convolved = np.maximum(naive_convolution(x[0].numpy(), weight, bias), 0)
    expected = naive_max_pool(convolved, 10, 5)
    np.testing.assert_allclose(module(x)[0].detach(), expected, rtol=1e-4, atol=1e-5)


def test_dropout_is_last():
    module, x = layer(dropout=0.5), waves(8, 2, 200)
    kept = module.eval()(x)
    dropped = module.train()(x)
    assert 0.4 < (dropped == 0).float().mean() - (kept == 0).float().mean() < 0.6
    torch.testing.assert_close(dropped[dropped > 0], 2 * kept[dropped > 0])


def test_a_clip_among_longer_ones_is_as_it_is_alone_and_zero_past_its_end():
    module, x = layer(), waves(3, 2, 30)
    lengths = torch.tensor([10, 30, 25])
    for clip, length in enumerate(lengths):
        x[clip, :, length:] = 0
    found = module(x, lengths)
    assert found.shape == (3, 4, 6)
    for clip, length in enumerate(lengths.tolist()):
        alone = module(x[clip : clip + 1, :, :length])[0]
        torch.testing.assert_close(found[clip, :, : length // 5], alone)
        assert not found[clip, :, length // 5 :].any()


def test_weights_are_glorot_uniform_and_biases_zero():
    """Uniform within (6 / (fan_in + fan_out)) ** 0.5 (Keras: the kernel counts in both fans)."""
    torch.manual_seed(0)
    fresh = SameConvolution(32, 128, 10)
    bound = math.sqrt(6 / (32 * 10 + 128 * 10))
    assert 0.99 * bound < fresh.weight.abs().max() <= bound
    assert fresh.weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.02)
    assert not fresh.bias.any()
