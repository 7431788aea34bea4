"""The simulated twin of SAVEE, in upstream's archive.

Apart from `savee.py`, so that a change of the synthesis leaves real audio alone.
"""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from retable.corpora.emotion_twin import archive_members, described_clips, emotional_speech
from retable.corpora.savee import EMOTIONS, SAMPLE_RATE, SPEAKERS, describe_clip, utterances
from retable.corpora.selection import kept_clips
from retable.corpora.simulation import wav_bytes
from retable.corpora.zip_archive import write_archive
from retable.spec.corpus import Simulation

logger = logging.getLogger(__name__)

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


def simulated_clips(simulation: Simulation) -> list[dict[str, str]]:
    """The clips that the twin holds: clip_id and the columns of their description."""
    return kept_clips(described_clips(_upstream_paths(), describe_clip).values(), simulation)


def simulate_archive(archive_name: str, simulation: Simulation, target: Path) -> None:
    """Writes a simulated archive in the layout of upstream's: a folder a speaker.

    Equal simulations give equal bytes. Raises ValueError for an archive that SAVEE lacks.
    """
    if archive_name != ARCHIVE:
        raise ValueError(f"SAVEE has no archive {archive_name}: it has {ARCHIVE}")

    def simulate_clip(clip: Mapping[str, str]) -> bytes:
        emotion = CLASSES[clip["emotion"]]
        return wav_bytes(emotional_speech(clip, emotion, simulation, SAMPLE_RATE), SAMPLE_RATE)

    clips = described_clips(_upstream_paths(), describe_clip)
    write_archive(target, archive_members(clips, simulation, simulate_clip))
    logger.info("%s: %d simulated clips", archive_name, len(simulated_clips(simulation)))


def _upstream_paths() -> Iterator[PurePosixPath]:
    """The 480 clips in the archive."""
    for speaker in SPEAKERS:
        for emotion in EMOTIONS:
            for utterance in utterances(emotion):
                yield PurePosixPath(FOLDER, speaker, f"{emotion}{utterance}.wav")
