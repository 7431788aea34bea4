"""The simulated twin of VCTK, in the archive of release 0.92.

Apart from `vctk.py`, so that a change of the synthesis leaves real audio alone.
"""

import io
import logging
from collections.abc import Iterator, Sequence

import numpy as np
import soundfile

from retable.corpora.simulation import SPEECH, Array, Utterance, generator, synthesise
from retable.corpora.twin import Clip, Twin
from retable.corpora.vctk import ACCENTS, SAMPLE_RATE, SPEAKER_INFO
from retable.spec.corpus import Simulation

logger = logging.getLogger(__name__)

ARCHIVE = "VCTK-Corpus-0.92.zip"
AUDIO = "wav48_silence_trimmed"
UTTERANCES = 24
"""Of each speaker; upstream's first 24 are the elicitation paragraph and the rainbow passage."""
INCOMPLETE = "p315"
"""The speaker without texts and second microphone."""
LOG_EVERY = 100

SPEAKERS = {
    "English": """
        225F23 226M22 227M38 228F22 229F23 230F22 231F23 232M23 233F23 236F23 239F22 240F21 243M22
        244F22 250F22 254M21 256M24 257F24 258M22 259M23 267F23 268F23 269F20 270M21 273M23 274M22
        276F24 277F23 278M22 279M23 282F23 286M23 287M23
    """,
    "Scottish": """
        234F22 237M22 241M21 246M22 247M22 249F22 252M22 255M19 260M21 262F23 263M22 264F23 265F23
        271M19 272M23 275M23 281M29 284M20 285M21
    """,
    "American": """
        294F33 297F20 299F25 300F23 301F23 305F19 306F21 308F18 310F21 311M21 315M18 318F32 329F23
        330F26 333F19 334M18 339F21 341F26 345M22 360M19 361F19 362F29
    """,
    "Irish": "245M25 266F22 283F24 288F22 295F23 298M19 313F24 340F18 364M23",
    "Canadian": "302M20 303F24 307F23 312F19 316M20 317F23 343F27 363M22",
    "NorthernIrish": "238F22 261F26 292M23 293F22 304M22 351F21",
    "SouthAfrican": "314F26 323F19 336F18 347M26",
    "Indian": "248F23 251M26 376M22",
    "Australian": "326M26 374M28",
    "NewZealand": "335F25",
    "Welsh": "253F22",
}
"""Upstream's, by accent: id, gender and age."""


def _upstream_clips() -> Iterator[dict[str, str]]:
    """Those of the first microphone."""
    for line in _speaker_lines():
        speaker, age, gender, accent = line.split()
        for number in range(1, UTTERANCES + 1):
            utterance = f"{number:03d}"
            yield {
                "clip_id": f"{speaker}_{utterance}_mic1",
                "speaker": speaker,
                "group": speaker,
                "accent": ACCENTS[accent],
                "gender": gender,
                "age": age,
                "utterance": utterance,
                "microphone": "mic1",
            }


def _speaker_lines() -> list[str]:
    """The lines of `speaker-info.txt`, by id: upstream's without regions."""
    return sorted(
        f"p{one[:3]}  {one[4:]}  {one[3]}    {accent}"
        for accent, speakers in SPEAKERS.items()
        for one in speakers.split()
    )


def _members(clips: Sequence[Clip], simulation: Simulation) -> Iterator[tuple[str, bytes]]:
    """Clips of both microphones, texts and the list of the speakers."""
    lines = ["ID  AGE  GENDER  ACCENTS  REGION COMMENTS", *_speaker_lines(), ""]
    yield SPEAKER_INFO, "\n".join(lines).encode()
    yield "license_text", b"Simulated audio in the layout of VCTK, which has another licence.\n"
    for done, clip in enumerate(clips, 1):
        speaker, utterance = clip["speaker"], clip["utterance"]
        recorded = {"mic1": _synthesise(clip, simulation)}
        if speaker != INCOMPLETE:
            recorded["mic2"] = _farther(clip, recorded["mic1"], simulation)
        for microphone, samples in recorded.items():
            yield f"{AUDIO}/{speaker}/{speaker}_{utterance}_{microphone}.flac", _flac(samples)
        if done % LOG_EVERY == 0:
            logger.info("%s: %d of %d utterances simulated", ARCHIVE, done, len(clips))
    for clip in clips:
        speaker, utterance = clip["speaker"], clip["utterance"]
        if speaker != INCOMPLETE:
            text = f"Simulated utterance {utterance}.\n"
            yield f"txt/{speaker}/{speaker}_{utterance}.txt", text.encode()


def _synthesise(clip: Clip, simulation: Simulation) -> Array:
    utterance = Utterance(clip["clip_id"], clip["group"], {"accent": clip["accent"]}, SPEECH)
    return synthesise(utterance, simulation, SAMPLE_RATE)


def _farther(clip: Clip, samples: Array, simulation: Simulation) -> Array:
    """What the second microphone records of a clip: quieter, with a noise of its own."""
    rng = generator(simulation.seed, "second microphone", clip["clip_id"])
    noise = rng.standard_normal(samples.shape, dtype=np.float32)
    return np.float32(0.5) * samples + np.float32(2e-4) * noise


def _flac(samples: Array) -> bytes:
    """A 16-bit FLAC file of samples in [-1, 1], shape (frames, channels)."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


_TWIN = Twin("VCTK", _upstream_clips, {ARCHIVE: _members})
simulated_clips = _TWIN.simulated_clips
simulate_archive = _TWIN.simulate_archive
