"""The simulated twin of CREMA-D, in the archive that is made of upstream's files.

Apart from `crema_d.py`, so that a change of the synthesis leaves real audio alone. The silent clip
and the misnamed one are as upstream's are, or were.
"""

import itertools
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import numpy as np

from retable.corpora.crema_d import (
    ACTORS,
    EMOTIONS,
    MISNAMED,
    SAMPLE_RATE,
    SENTENCES,
    describe_clip,
    levels,
)
from retable.corpora.emotion_twin import archive_members, described_clips, emotional_speech
from retable.corpora.selection import kept_clips
from retable.corpora.simulation import wav_bytes
from retable.corpora.zip_archive import write_archive
from retable.spec.corpus import Simulation

logger = logging.getLogger(__name__)

ARCHIVE = "CREMA-D.zip"
FOLDER = "AudioWAV"
SILENT = "1076_MTI_SAD_XX"
LACKED_SENTENCES = {"1008": "WSI", "1009": "MTI", "1019": "ITH"}
"""Actor -> a sentence of which upstream has no clip."""
LACKED_CLIPS = ("1002_TIE_NEU_XX", "1076_ITS_NEU_XX")
CLASSES = {
    "ANG": "angry",
    "DIS": "disgust",
    "FEA": "fearful",
    "HAP": "happy",
    "NEU": "neutral",
    "SAD": "sad",
}
"""Upstream's emotion -> RAVDESS's."""


def simulated_clips(simulation: Simulation) -> list[dict[str, str]]:
    """The clips that the twin holds: clip_id and the columns of their description."""
    return kept_clips(described_clips(_upstream_paths(), describe_clip).values(), simulation)


def simulate_archive(archive_name: str, simulation: Simulation, target: Path) -> None:
    """Writes a simulated archive like the one that is made of upstream's files.

    Equal simulations give equal bytes. Raises ValueError for an archive that CREMA-D lacks.
    """
    if archive_name != ARCHIVE:
        raise ValueError(f"CREMA-D has no archive {archive_name}: it has {ARCHIVE}")

    def simulate_clip(clip: Mapping[str, str]) -> bytes:
        speech = emotional_speech(clip, CLASSES[clip["emotion"]], simulation, SAMPLE_RATE)
        return wav_bytes(
            np.zeros_like(speech) if clip["clip_id"] == SILENT else speech, SAMPLE_RATE
        )

    clips = described_clips(_upstream_paths(), describe_clip)
    write_archive(target, archive_members(clips, simulation, simulate_clip))
    logger.info("%s: %d simulated clips", archive_name, len(simulated_clips(simulation)))


def _upstream_paths() -> Iterator[PurePosixPath]:
    """The 7,442 clips in the archive."""
    upstream = {meant: name for name, meant in MISNAMED.items()}
    for actor, sentence, emotion in itertools.product(ACTORS, SENTENCES, EMOTIONS):
        for level in levels(sentence, emotion):
            name = f"{actor}_{sentence}_{emotion}_{level}"
            if LACKED_SENTENCES.get(actor) != sentence and name not in LACKED_CLIPS:
                yield PurePosixPath(FOLDER, f"{upstream.get(name, name)}.wav")
