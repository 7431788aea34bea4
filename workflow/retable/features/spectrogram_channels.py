"""Images whose channels show one clip through different windows (densenet_ser, section III).

1. The clip is made `samples` long: stretched as a whole by soxr, which moves its pitch too, or its
   middle, with zeros on both sides of a shorter one.
2. Its samples get zero mean and unit variance.
3. A channel `spectrogram`: the power (torchaudio's default) of the short-time Fourier transform,
   summed by `bins` triangular filters of height 1 from 0 Hz to half of `bank_rate`, on the mel
   scale (HTK's) or on the linear one. Channels `mfcc` and `delta_mfcc`: torchaudio's MFCC of the
   natural logarithm of mel bands, and its differences over five frames.
4. The channel is resized to (rows, frames) by bilinear interpolation with antialiasing.
5. The natural logarithm of a spectrogram. MFCC have theirs already.
6. Each channel, or all together, are whitened.

With `order: before_resize` of the whitening, logarithm and whitening come before step 4.

Conventions are torchaudio's defaults: the Hann window is periodic and in the middle of `fft_size`
points, zeros on both sides; frames are centred, and the clip is mirrored at its ends, so that there
are `1 + samples // hop` frames. As in all our images, row 0 is the lowest frequency.

The paper prints hop 1024 with window 256, 2048 with 512 and 4096 with 1024, and an "overlap" of
25 %. Windows that are shorter than their hops would skip most of the clip, so that we take the
larger number for the window; the 25 % are hop / window, and windows overlap by 75 %.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torchaudio.functional import linear_fbanks, melscale_fbanks
from torchaudio.transforms import MFCC, ComputeDeltas, Spectrogram

from retable.audio.resample import resample
from retable.errors import ConfigError
from retable.features.extractor import Extractor, plain_number
from retable.features.resizing import resized
from retable.features.waveform import mean_and_deviation
from retable.features.whitening import whitened
from retable.spec.spectrogram import ImageChannel, SpectrogramChannels, Whitening

FLOOR = 1e-6
"""Added to powers before the logarithm: what torchaudio's MFCC adds. The quantisation noise of a
16-bit clip has more, about 1e-5, where its samples have a deviation of 0.05 before they get one of
1 (at a window of 1024)."""

POWER = 2.0
"""Of the magnitudes: torchaudio's default."""

Transform = Callable[[torch.Tensor], torch.Tensor]
"""From samples (samples,) to a channel (its own rows, its own frames)."""


def of_length(waveform: np.ndarray, spec: SpectrogramChannels) -> np.ndarray:
    """A clip (any samples,) as (spec.samples,), as `spec.length` says."""
    if spec.length == "resample":
        # Lengths stand for rates. soxr does not promise the length that it rounds to: cutting and
        # padding below would mend a sample more or less.
        waveform = resample(waveform, len(waveform), spec.samples)
    surplus = len(waveform) - spec.samples
    start = max(surplus, 0) // 2
    before = max(-surplus, 0) // 2
    return np.pad(waveform[start : start + spec.samples], (before, max(-surplus, 0) - before))


def normalised(waveform: np.ndarray) -> np.ndarray:
    """Zero mean and unit variance over samples; a silent clip is centred, not blown up."""
    mean, deviation = mean_and_deviation(waveform)
    return ((waveform.astype(np.float64) - mean) / deviation).astype(np.float32)


def filter_bank(spec: SpectrogramChannels, bank: str) -> torch.Tensor:
    """Triangular filters of height 1: float32 (bins, fft_size // 2 + 1).

    Args:
        spec: their number and range.
        bank: `mel` or `linear`.

    Raises:
        ConfigError: a filter is so narrow that no frequency of the transform lies in it.
    """
    frequencies, nyquist = spec.fft_size // 2 + 1, spec.bank_rate / 2
    if bank == "mel":
        filters = melscale_fbanks(frequencies, 0.0, nyquist, spec.bins, spec.bank_rate)
    else:
        filters = linear_fbanks(frequencies, 0.0, nyquist, spec.bins, spec.bank_rate)
    empty = int((filters.amax(dim=0) == 0).sum())
    if empty:
        fault = (
            f"bins is {spec.bins}, but an fft_size of {spec.fft_size} at {spec.bank_rate} Hz "
            f"leaves {empty} of the {bank} filters without a frequency; lower `bins` or raise "
            "`fft_size`"
        )
        raise ConfigError("feature spectrogram_channels", [fault])
    return filters.mT


def channel_transform(channel: ImageChannel, spec: SpectrogramChannels) -> Transform:
    """What computes a channel before it is resized, a spectrogram without its logarithm.

    Raises:
        ConfigError: a filter of its bank has no frequency.
    """
    framing = {
        "n_fft": spec.fft_size,
        "win_length": channel.window,
        "hop_length": channel.hop,
        "power": POWER,
    }
    if channel.of == "spectrogram":
        powers, filters = Spectrogram(**framing), filter_bank(spec, spec.bank)
        return lambda waveform: filters @ powers(waveform)
    # MFCC builds its filters itself, and would only warn of one without a frequency.
    filter_bank(spec, "mel")
    mfcc = MFCC(
        spec.bank_rate,
        spec.coefficients,
        log_mels=True,
        melkwargs={**framing, "n_mels": spec.bins},
    )
    return mfcc if channel.of == "mfcc" else torch.nn.Sequential(mfcc, ComputeDeltas())


def whitened_image(image: np.ndarray, whiten: Whitening) -> np.ndarray:
    """An image (channels, rows, frames) as float64, whitened as `whiten.scope` says."""
    if whiten.scope == "channel":
        return whitened(image, whiten.epsilon)
    beside_each_other = whitened(np.concatenate(image, axis=1), whiten.epsilon)
    return np.stack(np.split(beside_each_other, len(image), axis=1))


class SpectrogramChannelsExtractor(Extractor):
    """The feature `spectrogram_channels`."""

    def __init__(self, spec: SpectrogramChannels):
        """Build the transform of each channel.

        Raises:
            ConfigError: a filter of a bank has no frequency.
        """
        self.spec = spec
        self.transforms = [channel_transform(channel, spec) for channel in spec.channels]

    def __call__(self, waveforms: Sequence[np.ndarray]) -> np.ndarray:
        """Images (clips, 3, rows, frames) of float32 clips (samples,) of any length.

        A clip whose samples are not finite has an image of NaN.
        """
        with _one_thread(), torch.inference_mode():
            images = [self._image(waveform) for waveform in waveforms]
        return np.stack(images).astype(self.spec.dtype)

    def _image(self, waveform: np.ndarray) -> np.ndarray:
        """That of a clip: (3, rows, frames)."""
        size, whiten = (self.spec.rows, self.spec.frames), self.spec.whiten
        channels = self._channels(waveform)
        if not all(np.isfinite(channel).all() for channel in channels):
            # There are no eigenvectors of what is no number.
            return np.full((len(channels), *size), np.nan)
        if whiten and whiten.order == "before_resize":
            logarithms = self._logarithms(channels)
            return np.stack([resized(whitened(c, whiten.epsilon), size) for c in logarithms])
        image = np.stack(self._logarithms([resized(channel, size) for channel in channels]))
        return whitened_image(image, whiten) if whiten else image

    def _channels(self, waveform: np.ndarray) -> list[np.ndarray]:
        """The channels of a clip as they are computed, each of its own size."""
        samples = torch.from_numpy(normalised(of_length(waveform, self.spec)))
        return [transform(samples).numpy() for transform in self.transforms]

    def _logarithms(self, channels: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The same with the logarithm of those that are spectrograms."""
        return [
            np.log(values + np.float32(FLOOR)) if channel.of == "spectrogram" else values
            for channel, values in zip(self.spec.channels, channels, strict=True)
        ]

    def silence(self) -> np.ndarray:
        """As much of it as every clip is made long, (samples,)."""
        return np.zeros(self.spec.samples, dtype=np.float32)

    def facts(self) -> dict[str, Any]:
        """What the feature is, its sizes read from the image and the channels of silence."""
        spec = self.spec
        _, _, rows, frames = self([self.silence()]).shape
        images = [
            {
                "of": channel.of,
                "window": channel.window,
                "hop": channel.hop,
                # As the paper prints it: (hop, window).
                "pair": f"{channel.hop}x{channel.window}",
                "rows": values.shape[0],
                "frames": values.shape[1],
            }
            for channel, values in zip(spec.channels, self._channels(self.silence()), strict=True)
        ]
        overlaps = {
            plain_number(100 * (channel.window - channel.hop) / channel.window)
            for channel in spec.channels
        }
        return {
            "kind": spec.kind,
            "sample_rate": spec.sample_rate,
            "samples": len(of_length(self.silence(), spec)),
            "length": spec.length,
            "fft_size": spec.fft_size,
            "window_function": "hann",
            "power": plain_number(POWER),
            "bank": spec.bank,
            "bank_rate": spec.bank_rate,
            "bins": len(filter_bank(spec, spec.bank)),
            "coefficients": spec.coefficients,
            "rows": rows,
            "frames": frames,
            "size": f"{rows}x{frames}",
            "overlap_percent": overlaps.pop() if len(overlaps) == 1 else None,
            "images": images,
            "whitening": spec.whiten and spec.whiten.model_dump(),
        }


@contextmanager
def _one_thread() -> Iterator[None]:
    """Lets torch have one thread: products and eigenvectors depend on how many there are."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
