"""Log-mel images of a clip's channels, to be cut into overlapping patches (mixup_mtl, sec. II.A).

Conventions, those of librosa: the Hann window is periodic and as long as the FFT; frames are
centred, and the clip is continued by zeros on both sides, so that a clip of n samples has
`1 + n // hop` frames. Powers are weighted by triangular filters on Slaney's mel scale from 0 Hz to
half the sample rate, each of unit area in Hz. Images are (bands, frames) with the lowest frequency
first; an image keeps the columns that its patches cover, and patch k is columns
`k * hop_frames` to `k * hop_frames + frames`.

Images are stored as they come, not standardised. At a 2048-sample window log-mel values lie between
-23 and 10, and those of a sum between -46 and 20, which float16 rounds by 0.016 at most; within a
real scene, the bands of both have standard deviations of 0.2 and more.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy.sparse
import torch
from torchaudio.functional import melscale_fbanks

from retable.errors import ConfigError, DataError, listed
from retable.features.extractor import Extractor
from retable.spec.feature import LogMelPatches

FLOOR = 1e-10
"""Added to mel powers before the logarithm, so that digital silence has one: librosa's floor, far
below the quantisation noise of 16-bit audio (about 3e-9 at a 2048-sample window)."""


def patch_count(frames: int, size: int, hop: int) -> int:
    """How many patches of `size` columns, one every `hop`, lie within `frames` columns."""
    return max(0, 1 + (frames - size) // hop)


def stored_frames(spec: LogMelPatches) -> int:
    """Columns of a clip's image: as many as its patches cover."""
    return spec.frames + (spec.patches - 1) * spec.hop_frames


def mel_filters(spec: LogMelPatches) -> scipy.sparse.csr_array:
    """The filters of the bands (bands, window // 2 + 1).

    Raises:
        ConfigError: a band is so narrow that no frequency of the FFT lies in it.
    """
    weights = melscale_fbanks(
        spec.window // 2 + 1,
        f_min=0.0,
        f_max=spec.sample_rate / 2,
        n_mels=spec.bands,
        sample_rate=spec.sample_rate,
        norm="slaney",
        mel_scale="slaney",
    ).T.numpy()
    empty = int((weights.max(axis=1) == 0).sum())
    if empty:
        fault = (
            f"bands is {spec.bands}, but a window of {spec.window} at {spec.sample_rate} Hz leaves "
            f"{empty} of them without a frequency; lower `bands` or take a longer `window`"
        )
        raise ConfigError("feature logmel_patches", [fault])
    return scipy.sparse.csr_array(weights)


def mel_powers(
    waveforms: np.ndarray, spec: LogMelPatches, filters: scipy.sparse.csr_array
) -> np.ndarray:
    """Mel power spectrograms: float32 (n, samples) to (n, bands, stored_frames)."""
    spectra = torch.stft(
        torch.from_numpy(waveforms),
        n_fft=spec.window,
        hop_length=spec.hop,
        window=torch.hann_window(spec.window, periodic=True),
        center=True,
        pad_mode="constant",
        return_complex=True,
    )[..., : stored_frames(spec)].numpy()
    # From here on without torch, which may cut sums by its number of threads: the result is the
    # same on any number of cores.
    powers = spectra.real**2 + spectra.imag**2
    return np.stack([filters @ power for power in powers])


def log_mel(powers: np.ndarray) -> np.ndarray:
    """Natural logarithm of mel powers of any shape, floored."""
    return np.log(powers + np.float32(FLOOR))


def channel_images(
    waveform: np.ndarray, spec: LogMelPatches, filters: scipy.sparse.csr_array
) -> np.ndarray:
    """Images of the channels of a clip, in the order of the spec.

    `mid` and `side` are sum and difference of left and right: of their log-mel images, as the paper
    prints ("the sum of the two images"), of their mel powers, or of their waveforms.

    Args:
        waveform: float32 (samples,) for the channel `mono`, else (2, samples).
        spec: what to compute.
        filters: those of `mel_filters`.

    Returns:
        Float32 (channels, bands, stored_frames).
    """
    if spec.audio_layout == "mono":
        return log_mel(mel_powers(waveform[None], spec, filters))
    powers = mel_powers(waveform, spec, filters)
    left, right = log_mel(powers)
    if spec.combine == "image":
        mid, side = left + right, left - right
    elif spec.combine == "power":
        mid, side = log_mel(powers[0] + powers[1]), log_mel(np.abs(powers[0] - powers[1]))
    else:
        combined = np.stack([waveform[0] + waveform[1], waveform[0] - waveform[1]])
        mid, side = log_mel(mel_powers(combined, spec, filters))
    images = {"left": left, "right": right, "mid": mid, "side": side}
    return np.stack([images[channel] for channel in spec.channels])


class LogMelPatchesExtractor(Extractor):
    """The feature `logmel_patches`."""

    def __init__(self, spec: LogMelPatches):
        """Compute the filters.

        Raises:
            ConfigError: there are more bands than the window can tell apart.
        """
        self.spec = spec
        self.filters = mel_filters(spec)

    def __call__(self, waveforms: Sequence[np.ndarray]) -> np.ndarray:
        """Images (clips, channels, bands, stored_frames) of clips, one at a time."""
        images = [channel_images(waveform, self.spec, self.filters) for waveform in waveforms]
        return np.stack(images).astype(self.spec.dtype)

    def check_lengths(self, lengths: Mapping[str, int]) -> None:
        """Check that every clip has the frames that its patches cover.

        Args:
            lengths: clip_id -> samples.

        Raises:
            DataError: clips have not; all are counted and the first of them named.
        """
        spec = self.spec
        covered = stored_frames(spec)
        frames = {clip_id: 1 + samples // spec.hop for clip_id, samples in lengths.items()}
        short = [clip_id for clip_id in frames if frames[clip_id] < covered]
        if not short:
            return
        named = [
            f"{clip_id!r} has {frames[clip_id]} ({lengths[clip_id] / spec.sample_rate:.2f} s), "
            f"enough for {patch_count(frames[clip_id], spec.frames, spec.hop_frames)}"
            for clip_id in short
        ]
        listing = listed(named, most=5, separator="; ")
        needed = (covered - 1) * spec.hop / spec.sample_rate
        raise DataError(
            f"{spec.patches} patches of {spec.frames} frames, one every {spec.hop_frames}, need "
            f"clips of {covered} frames ({needed:.2f} s), but clip "
            f"{listing}. Lower `patches` of the feature (or `frames`, for a clip that is shorter "
            "than one), or leave these clips out of the dataset."
        )

    def silence(self) -> np.ndarray:
        """The shortest clip with all patches: (samples,), or (2, samples) for stereo."""
        samples = (stored_frames(self.spec) - 1) * self.spec.hop
        shape = (samples,) if self.spec.audio_layout == "mono" else (2, samples)
        return np.zeros(shape, dtype=np.float32)

    def facts(self) -> dict[str, Any]:
        """What the feature is, its bands and patches read from the images of silence."""
        spec = self.spec
        _, _, bands, frames = self([self.silence()]).shape
        return {
            "kind": spec.kind,
            "bands": bands,
            "window": spec.window,
            "hop": spec.hop,
            "window_function": "hann",
            "sample_rate": spec.sample_rate,
            "channels": list(spec.channels),
            "patch": {
                "frames": spec.frames,
                "hop_frames": spec.hop_frames,
                "patches": patch_count(frames, spec.frames, spec.hop_frames),
            },
            "overlap_percent": 100 * (spec.window - spec.hop) / spec.window,
        }
