"""Synthesis of simulated clips, shared by the twins of all corpora.

Source-filter synthesis on short-time spectra: a voiced source with a moving pitch, plus breath
noise, is shaped by an envelope over mel bands that changes from syllable to syllable. A clip's
mean envelope, in dB, is a sum:

    what the clips of a group share + one effect per task's class + the group's own way of
    expressing each class + the clip's own deviation

Each term is drawn from a generator that is seeded by its labels alone, so that a clip does not
depend on which other clips exist. Classes therefore overlap, groups vary independently of them,
and a classifier that has met a group does better on that group than on a stranger.
"""

import hashlib
import io
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import scipy.fft

from retable.spec.base import canonical_json
from retable.spec.corpus import Simulation

BANDS = 40
"""Mel bands of an envelope."""

SMOOTHNESS = 1.2
"""Standard deviation, in bands, of the Gaussian that smooths an envelope."""

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Manner:
    """How a source moves in time."""

    syllable_s: float
    """Mean length of a syllable or a note."""
    dip_db: float
    """How far the level falls between two syllables."""
    glide_semitones: float
    """Standard deviation of the pitch's drift within a syllable."""
    melody: tuple[int, ...]
    """Semitones above the base pitch from which a syllable's pitch is drawn."""
    vibrato_semitones: float
    breath: float
    """Noise in the source, relative to its voiced part: 0 is a pure tone complex."""


SPEECH = Manner(0.20, 24.0, 1.5, (-2, -1, 0, 0, 1, 2, 3), 0.0, 0.06)
SONG = Manner(0.50, 12.0, 0.2, (-3, 0, 0, 2, 4, 5, 7), 0.35, 0.05)


@dataclass(frozen=True)
class Utterance:
    """What one clip is to hold."""

    clip_id: str
    group: str
    """What it shares with other clips: a speaker, a place, a recording."""
    classes: Mapping[str, str]
    """Task -> class: each adds its effect."""
    manner: Manner
    channels: int = 1


def generator(seed: int, *labels: str) -> np.random.Generator:
    """Random numbers that depend on the seed and the labels, and on nothing else."""
    digest = hashlib.sha256(canonical_json([seed, *labels]).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def smooth_deviation(rng: np.random.Generator, deviation_db: float) -> Array:
    """A smooth random curve over the mel bands: mean 0 and the given standard deviation, in dB.

    Returns shape (BANDS,).
    """
    curve = _smoothing() @ rng.standard_normal(BANDS)
    curve -= curve.mean()
    return (curve * (deviation_db / curve.std())).astype(np.float32)


def clip_envelope(utterance: Utterance, simulation: Simulation) -> Array:
    """Mean spectral envelope of a clip, in dB over mel bands: shape (BANDS,)."""
    seed, group = simulation.seed, utterance.group
    # The label `speaker` is part of the seed, whatever the group is: another gives other clips.
    envelope = smooth_deviation(generator(seed, "speaker", group), simulation.group_effect_db)
    for task, name in utterance.classes.items():
        of_class = generator(seed, "class", task, name)
        of_group = generator(seed, "interaction", task, name, group)
        envelope = envelope + smooth_deviation(of_class, simulation.class_effect_db[task])
        envelope = envelope + smooth_deviation(of_group, simulation.interaction_db)
    of_clip = generator(seed, "clip envelope", utterance.clip_id)
    return envelope + smooth_deviation(of_clip, simulation.clip_effect_db)


def synthesise(utterance: Utterance, simulation: Simulation, sample_rate: int) -> Array:
    """One clip: samples in [-1, 1], shape (frames, channels).

    Its length is drawn from `simulation.duration_s`.
    """
    rng = generator(simulation.seed, "clip", utterance.clip_id)
    length = round(rng.uniform(*simulation.duration_s) * sample_rate)
    window = 2 ** round(np.log2(0.02 * sample_rate))
    hop = window // 2
    frames = length // hop + 2
    syllables = _draw_syllables(rng, utterance.manner, frames, hop / sample_rate)
    base_hz = 100 * 2 ** generator(simulation.seed, "pitch", utterance.group).uniform(0, 1.2)
    pitch = base_hz * _pitch_contour(rng, utterance.manner, syllables, hop / sample_rate)
    noise = rng.standard_normal((frames + 1) * hop, dtype=np.float32)
    voiced = _sawtooth(pitch, hop, sample_rate) + np.float32(utterance.manner.breath) * noise
    gain = _to_bins(_moving_envelope(rng, clip_envelope(utterance, simulation), syllables), window)
    # The room: steady noise well below the voice, with a tilt and a level of its own.
    tilt = np.linspace(0, rng.uniform(-12, 0), BANDS, dtype=np.float32)
    room = _to_bins(tilt[None] + np.float32(rng.uniform(-62, -54)), window)
    voice = _spectra(voiced, window) * gain
    channels = [
        _overlap_add(voice + _spectra(np.roll(noise, 7919 * (channel + 1)), window) * room)
        for channel in range(utterance.channels)
    ]
    samples = np.stack([channel[hop : hop + length] for channel in channels], axis=1)
    level = 10 ** (rng.normal(-25, 2) / 20)
    samples *= np.float32(level / np.sqrt(np.mean(samples**2)))
    return np.clip(samples, -1, 1)


def wav_bytes(samples: Array, sample_rate: int) -> bytes:
    """A 16-bit PCM WAV file of samples in [-1, 1], shape (frames, channels)."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(np.round(samples * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


@dataclass(frozen=True)
class _Syllables:
    """The syllables of a clip on the time axis of its short-time spectra."""

    index: npt.NDArray[np.intp]
    """Frame -> syllable."""
    phase: npt.NDArray[np.float64]
    """Frame -> position within its syllable, from 0 to 1."""
    level_db: Array
    """Frame -> level, relative to a typical syllable's peak."""
    count: int


def _draw_syllables(
    rng: np.random.Generator, manner: Manner, frames: int, frame_s: float
) -> _Syllables:
    start, end = frames * rng.uniform(0.04, 0.12), frames * rng.uniform(0.88, 0.96)
    expected = max(1, round((end - start) * frame_s / manner.syllable_s * rng.uniform(0.85, 1.15)))
    cuts = np.cumsum(rng.uniform(0.6, 1.4, expected))
    edges = start + (end - start) * np.concatenate([[0], cuts / cuts[-1]])
    time = np.arange(frames)
    index = np.clip(np.searchsorted(edges, time, side="right") - 1, 0, expected - 1)
    phase = np.clip((time - edges[index]) / np.diff(edges)[index], 0, 1)
    # A quick rise and a slower fall, never a click.
    shape = np.minimum(np.minimum(phase / 0.2, 1), np.minimum((1 - phase) / 0.35, 1))
    peaks = rng.normal(0, 2, expected)
    level = peaks[index] - manner.dip_db * (1 - np.sin(shape * np.pi / 2))
    silent = (time < start) | (time > end)
    level[silent] = -80
    return _Syllables(index, phase, level.astype(np.float32), expected)


def _pitch_contour(
    rng: np.random.Generator, manner: Manner, syllables: _Syllables, frame_s: float
) -> npt.NDArray[np.float64]:
    """Pitch relative to the group's base, frame by frame."""
    notes = rng.choice(manner.melody, syllables.count) + rng.normal(0, 1.0)
    glides = rng.normal(0, manner.glide_semitones, syllables.count)
    vibrato_hz = rng.uniform(5, 6.5)
    time = np.arange(len(syllables.index)) * frame_s
    semitones = (
        notes[syllables.index]
        + glides[syllables.index] * (syllables.phase - 0.5)
        + manner.vibrato_semitones * np.sin(2 * np.pi * vibrato_hz * time)
    )
    return 2 ** (semitones / 12)


def _moving_envelope(rng: np.random.Generator, envelope: Array, syllables: _Syllables) -> Array:
    """Gain in dB, shape (frames, BANDS): a clip's envelope with a vowel colour per syllable.

    The colours average to nothing over the clip, whatever its length.
    """
    colours = np.stack([smooth_deviation(rng, 4.0) for _ in range(syllables.count)])
    colours -= colours.mean(axis=0)
    falling = np.linspace(0, -12, BANDS, dtype=np.float32)
    gain = envelope + falling + colours[syllables.index] + syllables.level_db[:, None]
    return gain.astype(np.float32)


def _sawtooth(pitch: npt.NDArray[np.float64], hop: int, sample_rate: int) -> Array:
    """A tone complex that follows the pitch (Hz, one value a hop); (frames + 1) * hop samples."""
    time = np.arange((len(pitch) + 1) * hop)
    cycles = np.cumsum(np.interp(time, np.arange(1, len(pitch) + 1) * hop, pitch) / sample_rate)
    return (np.mod(cycles, 1.0) - 0.5).astype(np.float32)


def _to_bins(gain_db: Array, window: int) -> Array:
    """Amplitude per frequency bin, from dB per mel band: (..., BANDS) -> (..., bins)."""
    # Not a matrix product: on a busy machine the threads of BLAS cost more than all the rest.
    band, share = _bands_of_bins(window)
    lower, upper = gain_db[..., band], gain_db[..., band + 1]
    gain: Array = np.exp((lower + share * (upper - lower)) * np.float32(np.log(10) / 20))
    return gain


def _spectra(signal: Array, window: int) -> npt.NDArray[np.complex64]:
    """Short-time spectra at half overlap: shape (frames, bins)."""
    frames = np.lib.stride_tricks.sliding_window_view(signal, window)[:: window // 2]
    spectra: npt.NDArray[np.complex64] = scipy.fft.rfft(frames * _root_hann(window), axis=1)
    return spectra


def _overlap_add(spectra: npt.NDArray[np.complex64]) -> Array:
    """The signal of short-time spectra at half overlap."""
    window = 2 * (spectra.shape[1] - 1)
    hop = window // 2
    frames = scipy.fft.irfft(spectra, axis=1) * _root_hann(window)
    signal = np.zeros((len(frames) + 1) * hop, dtype=np.float32)
    signal[:-hop] += frames[:, :hop].ravel()
    signal[hop:] += frames[:, hop:].ravel()
    return signal


@lru_cache(maxsize=4)
def _root_hann(window: int) -> Array:
    return np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)).astype(np.float32)


@lru_cache(maxsize=1)
def _smoothing() -> npt.NDArray[np.float64]:
    distance = np.subtract.outer(np.arange(BANDS), np.arange(BANDS))
    weights: npt.NDArray[np.float64] = np.exp(-0.5 * (distance / SMOOTHNESS) ** 2)
    return weights


@lru_cache(maxsize=4)
def _bands_of_bins(window: int) -> tuple[npt.NDArray[np.intp], Array]:
    """Frequency bin -> the band below it, and how far it is on its way to the band above.

    The bands divide the mel scale from 0 Hz to 24 kHz, stretched over the spectrum of a clip at a
    lower rate.
    """
    mel = np.log1p(np.linspace(0, 24000, window // 2 + 1) / 700)
    position = mel / mel[-1] * (BANDS - 1)
    band = np.minimum(position.astype(np.intp), BANDS - 2)
    return band, (position - band).astype(np.float32)
