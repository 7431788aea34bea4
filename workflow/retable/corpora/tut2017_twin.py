"""The simulated twin of TUT Acoustic Scenes 2017, in upstream's archives.

Apart from `tut2017.py`, so that a change of the synthesis leaves real audio alone.

The clips have upstream's numbers a scene and subset, and names of upstream's form, but not the same
names. A scene has twelve development recordings, three a fold, and eight evaluation recordings:

| subset      | recordings | segments, each | clips a scene |
|-------------|------------|----------------|---------------|
| development | 8          | 27             | 216           |
| development | 4          | 24             | 96            |
| evaluation  | 4          | 15             | 60            |
| evaluation  | 4          | 12             | 48            |

Two long development recordings are in each fold. Only long ones have a segment that starts at
240 s or later (development) or 120 s or later (evaluation): a filter on `start_s` finds them.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial

import numpy as np
import scipy.fft
import soundfile

from retable.corpora.simulation import (
    BANDS,
    Array,
    Manner,
    Utterance,
    generator,
    smooth_deviation,
    synthesise,
)
from retable.corpora.tut2017 import (
    DEVELOPMENT,
    ERRORS,
    EVALUATE,
    EVALUATION,
    FOLD_LISTS,
    FOLDS,
    MAP,
    META,
    SAMPLE_RATE,
    SCENES,
    development_columns,
    evaluation_columns,
)
from retable.corpora.twin import Clip, Twin
from retable.spec.corpus import Simulation

AUDIO_ARCHIVES = {DEVELOPMENT: 10, EVALUATION: 4}
SEGMENTS = {DEVELOPMENT: (27,) * 8 + (24,) * 4, EVALUATION: (15,) * 4 + (12,) * 4}
"""Segments of each recording of a scene."""
SEGMENT_S = 10
FAULTY = 84
"""Clips with a faulty span; upstream lists as many spans."""
NAMES_SEED = 1
"""Upstream's names are fixed; so are these, whatever the seed of the sound."""
FAULTY_SPAN = (0.3, 0.5)
"""Onset and offset of a faulty span, in shares of the shortest clip."""

AMBIENCE = Manner(0.35, 6.0, 3.0, (-7, -4, 0, 0, 3, 7, 12), 0.0, 1.0)
"""Mostly noise, with events in it that hardly pause."""
LEVEL_DIFFERENCE_DB = 3.0
"""Standard deviation over mel bands of what sets the left ear above the right in a recording."""
DIFFUSE = (0.3, 0.8)
"""Range, over scenes, of the sound that differs between the ears, relative to what they share."""


@lru_cache(maxsize=1)
def upstream_clips() -> tuple[dict[str, str], ...]:
    """All 6,300 clips in the order of the lists: by subset, scene, recording and time."""
    development = list(_segments(DEVELOPMENT, first_recording=0))
    rng = generator(NAMES_SEED, "faulty clips")
    faulty = set(rng.choice(len(development), FAULTY, replace=False).tolist())
    clips = [
        {
            "clip_id": name,
            **development_columns(name, scene, _fold_roles(recording), index in faulty),
        }
        for index, (name, scene, recording) in enumerate(development)
    ]
    evaluation = list(_segments(EVALUATION, len(SCENES) * len(SEGMENTS[DEVELOPMENT])))
    numbers = generator(NAMES_SEED, "evaluation names").permutation(len(evaluation)) + 1
    clips += [
        {"clip_id": str(number), **evaluation_columns(name, scene)}
        for number, (name, scene, _) in zip(numbers, evaluation, strict=True)
    ]
    return tuple(clips)


def _segments(data_set: str, first_recording: int) -> Iterator[tuple[str, str, int]]:
    """Name, scene, and the number of the recording among those of the scene."""
    for scene_index, scene in enumerate(SCENES):
        for recording, segments in enumerate(SEGMENTS[data_set]):
            number = first_recording + scene_index * len(SEGMENTS[data_set]) + recording
            identifier = f"{'ab'[number % 2]}{number // 2 + 1:03}"
            for start in range(0, segments * SEGMENT_S, SEGMENT_S):
                yield f"{identifier}_{start}_{start + SEGMENT_S}", scene, recording


def _fold_roles(recording: int) -> dict[str, str]:
    held_out = FOLDS[recording % len(FOLDS)]
    return {fold: "evaluate" if fold == held_out else "train" for fold in FOLDS}


def _members(
    archive: str, clips: Sequence[Clip], simulation: Simulation
) -> Iterator[tuple[str, bytes]]:
    """The data set's folder, with audio or with texts, which list the clips of all its archives."""
    data_set, content, *part = archive.removesuffix(".zip").split(".")
    subset = data_set.rpartition("-")[2]
    of_subset = [clip for clip in clips if clip["subset"] == subset]
    if content == "audio":
        chosen = _clips_of_part(of_subset, int(part[0]), AUDIO_ARCHIVES[data_set])
        yield from _audio_members(data_set, chosen, simulation)
    else:
        for name, text in _texts(data_set, content, of_subset, simulation).items():
            yield name, text.encode()


def _clips_of_part(clips: Sequence[Clip], part: int, parts: int) -> list[Clip]:
    """The clips of an audio archive (from 1), about as many in each."""
    return list(clips[len(clips) * (part - 1) // parts : len(clips) * part // parts])


def _texts(
    data_set: str, content: str, clips: Sequence[Clip], simulation: Simulation
) -> dict[str, str]:
    """Path in the archive -> text, of an archive without audio."""
    if content == "doc":
        return {f"{data_set}/README.md": _readme(data_set, len(clips))}
    if content == "error":
        onset, offset = _faulty_span(simulation)
        faulty = [clip for clip in clips if clip["faulty"] == "yes"]
        spans = ((_file(clip), f"{onset:.6f}", f"{offset:.6f}", "error") for clip in faulty)
        return {ERRORS: _table(spans)}
    if data_set == EVALUATION:
        mapping = ((f"audio/{clip['original']}.wav", _file(clip)) for clip in clips)
        return {
            EVALUATE.replace("evaluate.txt", "test.txt"): _table((_file(clip),) for clip in clips),
            EVALUATE: _table((_file(clip), clip["scene"]) for clip in clips),
            MAP: _table(mapping),
        }
    texts = {META: _table((_file(clip), clip["scene"], clip["group"]) for clip in clips)}
    for (fold, role), path in FOLD_LISTS.items():
        chosen = [clip for clip in clips if clip[f"fold{fold}"] == role]
        texts[path] = _table((_file(clip), clip["scene"]) for clip in chosen)
        if role == "evaluate":
            texts[path.replace(role, "test")] = _table((_file(clip),) for clip in chosen)
    return texts


def _readme(data_set: str, clips: int) -> str:
    return (
        f"{data_set}, simulated\n\n"
        f"The {clips} clips of this data set are not recordings: a program made them, in the\n"
        "layout of the data set of that name, to try out software. They say nothing about the\n"
        "scenes that they are named after.\n"
    )


def _file(clip: Clip) -> str:
    return f"audio/{clip['clip_id']}.wav"


def _table(rows: Iterable[Sequence[str]]) -> str:
    return "".join("\t".join(row) + "\n" for row in rows)


def _audio_members(
    data_set: str, clips: Sequence[Clip], simulation: Simulation
) -> Iterator[tuple[str, bytes]]:
    for clip in clips:
        content = io.BytesIO()
        samples = simulate_clip(clip, simulation)
        soundfile.write(content, samples, SAMPLE_RATE, subtype="PCM_24", format="WAV")
        yield f"{data_set}/{_file(clip)}", content.getvalue()


def simulate_clip(clip: Clip, simulation: Simulation) -> Array:
    """One clip: samples in [-1, 1], shape (frames, 2).

    The ears share a sound, which one hears louder than the other by a difference that depends on
    frequency and recording; each also hears its own, of the same spectrum, the more the wider the
    scene. The left microphone fails in a faulty span.
    """
    utterance = Utterance(clip["original"], clip["group"], {"scene": clip["scene"]}, AMBIENCE)
    shared = synthesise(utterance, simulation, SAMPLE_RATE)[:, 0]
    frames = len(shared)
    seed = simulation.seed
    width = np.float32(generator(seed, "width", clip["scene"]).uniform(*DIFFUSE))
    curve = smooth_deviation(generator(seed, "ears", clip["group"]), LEVEL_DIFFERENCE_DB)
    left_gain = _to_frequencies(curve, frames)
    spectrum = scipy.fft.rfft(shared)
    ears = []
    for gain, shift in ((left_gain, frames // 3), (1 / left_gain, 2 * frames // 3)):
        # The same sound at another time is unrelated to the sound now, but keeps its spectrum.
        ears.append(scipy.fft.irfft(spectrum * gain, frames) + width * np.roll(shared, shift))
    samples: Array = np.stack(ears, axis=1).astype(np.float32)
    samples *= np.sqrt(np.mean(shared**2) / np.mean(samples**2))
    if clip["faulty"] == "yes":
        onset, offset = (round(time * SAMPLE_RATE) for time in _faulty_span(simulation))
        samples[onset:offset, 0] = 0
    return np.clip(samples, -1, 1)


def _to_frequencies(curve_db: Array, frames: int) -> Array:
    """Half of a level difference over mel bands as a gain for each bin of a clip's spectrum."""
    mel = np.log1p(np.fft.rfftfreq(frames, 1 / SAMPLE_RATE) / 700)
    bands = np.linspace(0, mel[-1], BANDS)
    gain: Array = 10 ** (np.interp(mel, bands, curve_db) / 40).astype(np.float32)
    return gain


def _faulty_span(simulation: Simulation) -> tuple[float, float]:
    """Onset and offset in seconds."""
    shortest, _ = simulation.duration_s
    onset, offset = FAULTY_SPAN
    return onset * shortest, offset * shortest


def _archive_names() -> Iterator[str]:
    for content in ("doc", "meta", "error"):
        yield f"{DEVELOPMENT}.{content}.zip"
    for content in ("doc", "meta"):
        yield f"{EVALUATION}.{content}.zip"
    for data_set, parts in AUDIO_ARCHIVES.items():
        for part in range(1, parts + 1):
            yield f"{data_set}.audio.{part}.zip"


_ARCHIVES = {name: partial(_members, name) for name in _archive_names()}
_TWIN = Twin("TUT Acoustic Scenes 2017", upstream_clips, _ARCHIVES)
simulated_clips = _TWIN.simulated_clips
simulate_archive = _TWIN.simulate_archive
