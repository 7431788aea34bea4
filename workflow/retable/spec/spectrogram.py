"""Features that are spectrograms."""

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from retable.spec.base import Size, Spec


class Spectrogram(Spec):
    """Magnitude of the short-time Fourier transform as an image of fixed size."""

    kind: Literal["spectrogram"]
    sample_rate: Size
    window: Size
    """Samples; also the FFT size, so that the image has `window // 2 + 1` rows."""
    hop: Size
    window_function: Literal["hamming", "hann"]
    frames: Size
    """Columns of the image."""
    time_fit: Literal["resize", "crop", "pad"]
    """How a clip's frames become `frames`: linear interpolation, centre crop of a longer clip
    (a shorter one is padded), or zero padding at the end (a longer one is cut)."""
    scale: Literal["log", "db", "linear"]
    """ln(magnitude + floor), 20 log10 of the same, or the magnitude itself."""
    normalise: Literal["clip", "none"]
    """Zero mean and unit variance over a clip's image, or nothing."""
    rows: Size | None = None
    """Averages neighbouring frequency rows down to this many (small scales only)."""
    dtype: Literal["float16", "float32"] = "float32"
    audio_layout: ClassVar[Literal["mono"]] = "mono"


class SpectrogramImage(Spec):
    """A spectrogram in decibels as a picture of fixed size (cabcnn, section 4)."""

    kind: Literal["spectrogram_image"]
    sample_rate: Size
    window: Size
    """Samples; also the FFT size."""
    hop: Size
    window_function: Literal["hamming", "hann"]
    size: Size
    """Rows and columns of the picture; the whole clip is resized to it."""
    colours: Literal["rgb", "gray"]
    colour_map: str = "viridis"
    """That of matplotlib, for `rgb`."""
    range_db: float = Field(default=80.0, gt=0)
    """Levels from the clip's highest down to this far below it span the colours."""
    dtype: Literal["float16", "float32"] = "float32"
    audio_layout: ClassVar[Literal["mono"]] = "mono"


class ImageChannel(Spec):
    """One channel of an image: what it shows of a clip."""

    of: Literal["spectrogram", "mfcc", "delta_mfcc"]
    """Log spectrogram, mel-frequency cepstral coefficients, or their differences in time."""
    window: Size
    """Samples of the Hann window."""
    hop: Size


class Whitening(Spec):
    """ZCA-Mahalanobis whitening of a clip's image (densenet_ser, section III).

    Rows are variables and columns are samples: it decorrelates rows and gives them unit variance.
    """

    scope: Literal["channel", "clip"]
    """Each channel on its own, or the columns of all channels together."""
    order: Literal["after_resize", "before_resize"]
    """Of the resized image, or of the spectrogram as it was computed."""
    epsilon: float = Field(gt=0)
    """Added to each eigenvalue of the covariance, in units of their mean."""

    @model_validator(mode="after")
    def _has_columns_of_one_kind(self) -> "Whitening":
        if self.scope == "clip" and self.order == "before_resize":
            raise ValueError("channels have different frames before they are resized: whiten after")
        return self


class SpectrogramChannels(Spec):
    """Spectrograms with different windows as channels of an image (densenet_ser, section III)."""

    kind: Literal["spectrogram_channels"]
    sample_rate: Size
    samples: Size
    """What every clip is made long, after which it gets zero mean and unit variance."""
    length: Literal["resample", "crop_pad"]
    """Resampled like a tape, pitch and all; or its middle, with zeros around a shorter one."""
    channels: tuple[ImageChannel, ImageChannel, ImageChannel]
    fft_size: Size
    """Points of the Fourier transform; windows are continued by zeros."""
    bank: Literal["mel", "linear"]
    """Filters that are `bins` in number: triangles on the mel scale, or on the linear one."""
    bank_rate: Size
    """Hz that the scale of the bank takes the rate of a clip for, whatever its length was."""
    bins: Size
    coefficients: Size
    """Of an MFCC channel."""
    rows: Size
    frames: Size
    """Size of the image."""
    whiten: Whitening | None = None
    dtype: Literal["float16", "float32"] = "float32"
    audio_layout: ClassVar[Literal["mono"]] = "mono"

    @model_validator(mode="after")
    def _has_sizes_that_fit_together(self) -> "SpectrogramChannels":
        faults = []
        longest = max(channel.window for channel in self.channels)
        if longest > self.fft_size:
            faults.append(
                f"fft_size is {self.fft_size}, but a channel has a window of {longest}; raise "
                "fft_size to the longest window at least"
            )
        if self.samples <= self.fft_size // 2:
            faults.append(
                f"samples is {self.samples}, but a clip is mirrored at its ends by half of "
                f"fft_size {self.fft_size}; choose {self.fft_size // 2 + 1} at least, or lower "
                "fft_size"
            )
        if self.coefficients > self.bins:
            faults.append(
                f"coefficients is {self.coefficients}, but {self.bins} bins have as many at most; "
                "lower coefficients or raise bins"
            )
        if faults:
            raise ValueError("; ".join(faults))
        return self


class NormalisedSpectrogram(Spec):
    """Spectrogram of a clip of fixed length, each row of zero mean and unit variance over time, as
    VGGVox sees it (vggvox_mtl, section 4.1).

    A clip that is shorter than its frames is continued by zeros. A longer one keeps more of them,
    up to `longest_frames` from its middle; what a network sees at once are `frames` of it.
    """

    kind: Literal["normalised_spectrogram"]
    sample_rate: Size
    pre_emphasis: float = Field(ge=0, lt=1)
    """Share of the previous sample that is subtracted from each, after the clip's mean."""
    window: Size
    """Samples of the Hamming window."""
    hop: Size
    fft_size: Size
    """Points of the Fourier transform; windows are continued by zeros."""
    rows: Literal["two_sided", "one_sided", "real_imaginary"]
    """What the rows show of the transform, the lowest frequency first.

    * `two_sided`: all its frequencies; the upper half of the rows mirrors the lower.
    * `one_sided`: its frequencies up to half the sample rate.
    * `real_imaginary`: the real parts of those, and then their imaginary parts.
    """
    height: Size
    """Rows of the image; `fft_size` follows from it and from `rows`."""
    frames: Size
    """Columns that a network sees."""
    longest_frames: Size
    """Columns that are kept of a longer clip."""
    spectrum: Literal["magnitude", "power_density"] = "magnitude"
    """What stands in the rows: the magnitude, or the power spectral density by the conventions of
    `scipy.signal.spectrogram`, which subtracts each window's mean."""
    normalise: Literal["row", "waveform"]
    """What gets zero mean and unit variance: each row over the frames of its clip, or the clip's
    samples before they are cut into windows."""
    dtype: Literal["float16", "float32"] = "float32"
    audio_layout: ClassVar[Literal["mono"]] = "mono"

    @model_validator(mode="after")
    def _has_sizes_that_fit_together(self) -> "NormalisedSpectrogram":
        faults = []
        if self.rows == "real_imaginary" and self.height % 2:
            faults.append(
                f"height is {self.height}, and half of the rows are real parts; make it even"
            )
        else:
            fitting = {
                "two_sided": self.height,
                "one_sided": 2 * (self.height - 1),
                "real_imaginary": self.height - 2,
            }[self.rows]
            if self.fft_size != fitting:
                faults.append(
                    f"fft_size is {self.fft_size}, but {self.height} rows that are {self.rows} "
                    f"come from {fitting} points; set it to {fitting}, or change height"
                )
        if self.rows == "real_imaginary" and self.spectrum != "magnitude":
            faults.append(
                f"spectrum is {self.spectrum}, and rows are real and imaginary parts; drop one"
            )
        if self.window > self.fft_size:
            faults.append(
                f"window is {self.window}, longer than fft_size, which is {self.fft_size}; raise "
                "fft_size and height, or shorten the window"
            )
        if self.longest_frames < self.frames:
            faults.append(
                f"longest_frames is {self.longest_frames}, below frames, which is {self.frames}; "
                "raise it"
            )
        if faults:
            raise ValueError("; ".join(faults))
        return self
