"""The simulated twin of SAVEE, in upstream's archive.

Apart from `savee.py`, so that a change of the synthesis leaves real audio alone.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath

from retable.corpora.emotional_speech import emotional_speech
from retable.corpora.savee import EMOTIONS, SAMPLE_RATE, SPEAKERS, describe_clip, utterances
from retable.corpora.simulation import wav_bytes
from retable.corpora.twin import Clip, twin_of_paths
from retable.spec.corpus import Simulation

ARCHIVE = "AudioData.zip"
FOLDER = "AudioData"
CLASSES = {
    "a": "angry",
    "d": "disgust",
    "f": "fearful",
    "h": "happy",
    "n": "neutral",
    "sa": "sad",
    "su": "surprised",
}
"""Upstream's emotion -> RAVDESS's."""


def _upstream_paths() -> Iterator[PurePosixPath]:
    """The 480 clips in the archive."""
    for speaker in SPEAKERS:
        for emotion in EMOTIONS:
            for utterance in utterances(emotion):
                yield PurePosixPath(FOLDER, speaker, f"{emotion}{utterance}.wav")


def _simulate_clip(clip: Clip, simulation: Simulation) -> bytes:
    emotion = CLASSES[clip["emotion"]]
    return wav_bytes(emotional_speech(clip, emotion, simulation, SAMPLE_RATE), SAMPLE_RATE)


_TWIN = twin_of_paths("SAVEE", ARCHIVE, _upstream_paths, describe_clip, _simulate_clip)
simulated_clips = _TWIN.simulated_clips
simulate_archive = _TWIN.simulate_archive
