"""Features: what a model sees of a clip."""

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from retable.spec.base import Size, Spec
from retable.spec.spectrogram import (
    NormalisedSpectrogram,
    Spectrogram,
    SpectrogramChannels,
    SpectrogramImage,
)

AudioLayout = Literal["mono", "stereo"]
"""Channels of the packed audio that a feature is computed from."""


class LogMelStatistics(Spec):
    """Mean and standard deviation over time of each log-mel band, by librosa."""

    kind: Literal["logmel_statistics"]
    sample_rate: Size
    window: Size
    hop: Size
    bands: Size
    dtype: Literal["float16", "float32"] = "float32"
    audio_layout: ClassVar[AudioLayout] = "mono"


ChannelImage = Literal["mono", "left", "right", "mid", "side"]


class LogMelPatches(Spec):
    """Log-mel images of one or more channels of a clip, cut into overlapping square patches."""

    kind: Literal["logmel_patches"]
    sample_rate: Size
    window: Size
    """Samples of the Hann window; also the FFT size."""
    hop: Size
    bands: Size
    channels: tuple[ChannelImage, ...] = Field(min_length=1)
    """`mono` alone, or images of a stereo clip: left, right, their sum (mid) and difference."""
    combine: Literal["image", "power", "wave"] = "image"
    """What is added for `mid` and subtracted for `side`: log-mel images, mel powers, waveforms."""
    frames: Size
    """Columns of a patch."""
    hop_frames: Size
    """Columns from one patch to the next."""
    patches: Size
    """Patches of a clip, from its start; a shorter clip is an error."""
    dtype: Literal["float16", "float32"] = "float32"

    @property
    def audio_layout(self) -> AudioLayout:
        """The audio that the images are computed from."""
        return "mono" if self.channels == ("mono",) else "stereo"

    @model_validator(mode="after")
    def _channels_fit_together(self) -> "LogMelPatches":
        if "mono" in self.channels and len(self.channels) > 1:
            raise ValueError(
                "channels: mono stands alone; a stereo clip has left, right, mid, side"
            )
        return self


class Waveform(Spec):
    """The largest sample of each of equal intervals of a normalised clip (cabcnn, section 4).

    Clips have lengths of their own: they are stored with zeros at the end.
    """

    kind: Literal["waveform"]
    sample_rate: Size
    rate: Size
    """Intervals a second; divides `sample_rate`."""
    pick: Literal["max", "absmax"]
    """The largest sample with its sign, or the largest magnitude."""
    seconds: float = Field(gt=0)
    """At most so much of a clip, from its start."""
    normalise: Literal["file", "segment", "none"]
    """Zero mean and unit variance over the whole clip, or over what `seconds` leaves of it."""
    dtype: Literal["float16", "float32"] = "float32"
    audio_layout: ClassVar[AudioLayout] = "mono"

    @model_validator(mode="after")
    def _has_whole_intervals(self) -> "Waveform":
        faults = []
        if self.sample_rate % self.rate:
            faults.append(
                f"rate is {self.rate}, but {self.sample_rate} Hz cannot be cut into so many "
                "intervals of equal length a second; choose a divisor of sample_rate"
            )
        intervals = self.seconds * self.rate
        if intervals < 0.5 or not math.isclose(intervals, round(intervals), rel_tol=1e-9):
            faults.append(
                f"seconds is {self.seconds:g}, which is {intervals:g} intervals at the rate "
                f"{self.rate}; choose a time of whole intervals"
            )
        if faults:
            raise ValueError("; ".join(faults))
        return self


Feature = Annotated[
    Spectrogram
    | LogMelStatistics
    | LogMelPatches
    | Waveform
    | SpectrogramImage
    | SpectrogramChannels
    | NormalisedSpectrogram,
    Field(discriminator="kind"),
]
