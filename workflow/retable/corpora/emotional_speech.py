"""Speech in an emotion, as the simulated twins of corpora of emotional speech have it.

An emotion does the same to the spectrum in all of them and in the twin of RAVDESS, as long as they
have the same seed, so that clips of one corpus can help to learn another: the class is RAVDESS's,
and the speech is synthesised at RAVDESS's rate, for the synthesis spreads its bands over all
frequencies up to half the rate. An emotion also has a rhythm, a voice and a melody of its own: what
is left of it where a network sees no mean spectrum (densenet_ser whitens each clip).
"""

from collections.abc import Mapping
from dataclasses import replace

import soxr

from retable.corpora.simulation import SPEECH, Array, Utterance, synthesise
from retable.spec.corpus import Simulation

SYNTHESIS_RATE = 48_000
"""Hz."""
MANNERS = {
    "neutral": SPEECH,
    "calm": replace(SPEECH, syllable_s=0.26, dip_db=20.0, breath=0.12),
    "happy": replace(SPEECH, syllable_s=0.15, dip_db=28.0, breath=0.04),
    "sad": replace(SPEECH, syllable_s=0.30, dip_db=14.0, breath=0.15),
    "angry": replace(SPEECH, syllable_s=0.12, dip_db=34.0, breath=0.02),
    "fearful": replace(SPEECH, syllable_s=0.14, dip_db=18.0, breath=0.20),
    "disgust": replace(SPEECH, syllable_s=0.23, dip_db=32.0, breath=0.08),
    "surprised": replace(SPEECH, syllable_s=0.17, dip_db=12.0, glide_semitones=4.0, breath=0.03),
}
"""Emotion -> how it is spoken."""


def emotional_speech(
    clip: Mapping[str, str], emotion: str, simulation: Simulation, sample_rate: int
) -> Array:
    """A spoken clip: samples in [-1, 1], shape (frames, 1).

    Args:
        clip: clip_id and the columns of its description.
        emotion: its class, by RAVDESS's name.
        simulation: of the corpus.
        sample_rate: Hz of the samples returned.
    """
    utterance = Utterance(clip["clip_id"], clip["group"], {"emotion": emotion}, MANNERS[emotion])
    samples = synthesise(utterance, simulation, SYNTHESIS_RATE)
    resampled: Array = soxr.resample(samples, SYNTHESIS_RATE, sample_rate, quality="HQ")
    return resampled.clip(-1, 1)
