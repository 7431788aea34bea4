"""Features: what a model sees of a clip."""

from typing import Annotated, Literal

from pydantic import Field

from retable.spec.base import Spec


class Spectrogram(Spec):
    """Magnitude of the short-time Fourier transform as an image of fixed size."""

    kind: Literal["spectrogram"]
    sample_rate: int
    window: int
    """Samples; also the FFT size, so that the image has `window // 2 + 1` rows."""
    hop: int
    window_function: Literal["hamming", "hann"]
    frames: int
    """Columns of the image."""
    time_fit: Literal["resize", "crop", "pad"]
    """How a clip's frames become `frames`: linear interpolation, centre crop of a longer clip
    (a shorter one is padded), or zero padding at the end (a longer one is cut)."""
    scale: Literal["log", "db", "linear"]
    """ln(magnitude + floor), 20 log10 of the same, or the magnitude itself."""
    normalise: Literal["clip", "none"]
    """Zero mean and unit variance over a clip's image, or nothing."""
    rows: int | None = None
    """Averages neighbouring frequency rows down to this many (small scales only)."""
    dtype: Literal["float16", "float32"] = "float32"


class LogMelStatistics(Spec):
    """Mean and standard deviation over time of each log-mel band, by librosa."""

    kind: Literal["logmel_statistics"]
    sample_rate: int
    window: int
    hop: int
    bands: int
    dtype: Literal["float16", "float32"] = "float32"


Feature = Annotated[Spectrogram | LogMelStatistics, Field(discriminator="kind")]
