"""The simulated twin of CREMA-D, in the archive that is made of upstream's files.

Apart from `crema_d.py`, so that a change of the synthesis leaves real audio alone. The silent clip
and the misnamed one are as upstream's are, or were.
"""

import itertools
from collections.abc import Iterator
from pathlib import PurePosixPath

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
from retable.corpora.emotional_speech import emotional_speech
from retable.corpora.misnamed import upstream_name
from retable.corpora.simulation import wav_bytes
from retable.corpora.twin import Clip, twin_of_paths
from retable.spec.corpus import Simulation

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


def _upstream_paths() -> Iterator[PurePosixPath]:
    """The 7,442 clips in the archive."""
    for actor, sentence, emotion in itertools.product(ACTORS, SENTENCES, EMOTIONS):
        for level in levels(sentence, emotion):
            name = f"{actor}_{sentence}_{emotion}_{level}"
            if LACKED_SENTENCES.get(actor) != sentence and name not in LACKED_CLIPS:
                yield PurePosixPath(FOLDER, f"{upstream_name(name, MISNAMED)}.wav")


def _simulate_clip(clip: Clip, simulation: Simulation) -> bytes:
    speech = emotional_speech(clip, CLASSES[clip["emotion"]], simulation, SAMPLE_RATE)
    return wav_bytes(np.zeros_like(speech) if clip["clip_id"] == SILENT else speech, SAMPLE_RATE)


_TWIN = twin_of_paths("CREMA-D", ARCHIVE, _upstream_paths, describe_clip, _simulate_clip)
simulated_clips = _TWIN.simulated_clips
simulate_archive = _TWIN.simulate_archive
