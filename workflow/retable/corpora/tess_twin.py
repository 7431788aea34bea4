"""The simulated twin of TESS, in the archive that is made of upstream's files.

Apart from `tess.py`, so that a change of the synthesis leaves real audio alone. The odd clips are
odd as upstream's are.
"""

import io
import itertools
from collections.abc import Iterator
from pathlib import PurePosixPath

import numpy as np
import soundfile

from retable.corpora.emotional_speech import emotional_speech
from retable.corpora.misnamed import upstream_name
from retable.corpora.simulation import Array, wav_bytes
from retable.corpora.tess import EMOTIONS, MISNAMED, SAMPLE_RATE, SPEAKERS, describe_clip
from retable.corpora.twin import Clip, twin_of_paths
from retable.spec.corpus import Simulation

ARCHIVE = "TESS.zip"
FOLDER = "TESS Toronto emotional speech set data"
OTHER_RATES = {"OAF_food_fear": 96_000}
"""Clip -> Hz."""
AIFF = ("YAF_germ_angry", "YAF_neat_fear")
"""Clips that are AIFF data under the name .wav."""
OTHER_FOLDERS = {
    ("OAF", "fear"): "OAF_Fear",
    ("OAF", "ps"): "OAF_Pleasant_surprise",
    ("OAF", "sad"): "OAF_Sad",
    ("YAF", "ps"): "YAF_pleasant_surprised",
}
"""Speaker and emotion -> folder, where it has not their names."""
CLASSES = {
    "angry": "angry",
    "disgust": "disgust",
    "fear": "fearful",
    "happy": "happy",
    "neutral": "neutral",
    "ps": "surprised",
    "sad": "sad",
}
"""Upstream's emotion -> RAVDESS's."""
WORDS = """
    back bar base bath bean beg bite boat bone book bought burn cab calm came cause chain chair
    chalk chat check cheek chief choice cool dab date dead death deep dime dip ditch dodge dog
    doll door fail fall far fat fit five food gap gas gaze germ get gin goal good goose gun half
    hall hash hate have haze hire hit hole home hurl hush jail jar join judge jug juice keen keep
    keg kick kill king kite knock late laud lean learn lease lid life limb live loaf long lore
    lose lot love luck make match merge mess met mill mob mode mood moon mop mouse nag name near
    neat nice note numb pad page pain pass pearl peg perch phone pick pike pole pool puff rag raid
    rain raise rat reach read red ring ripe road room rose rot rough rush said sail search seize
    sell shack shall shawl sheep shirt should shout size soap soup sour south sub such sure take
    talk tape team tell thin third thought thumb time tip tire ton tool tough turn vine voice void
    vote wag walk wash week wheat when which whip white wife wire witch yearn yes young youth
"""
"""The 200 words of the Northwestern University Auditory Test No. 6."""


def _upstream_paths() -> Iterator[PurePosixPath]:
    """The 2,800 clips in the archive."""
    for speaker, emotion, word in itertools.product(SPEAKERS, EMOTIONS, WORDS.split()):
        folder = OTHER_FOLDERS.get((speaker, emotion), f"{speaker}_{emotion}")
        name = f"{speaker}_{word}_{emotion}"
        yield PurePosixPath(FOLDER, folder, f"{upstream_name(name, MISNAMED)}.wav")


def _simulate_clip(clip: Clip, simulation: Simulation) -> bytes:
    sample_rate = OTHER_RATES.get(clip["clip_id"], SAMPLE_RATE)
    speech = emotional_speech(clip, CLASSES[clip["emotion"]], simulation, sample_rate)
    to_bytes = _aiff_bytes if clip["clip_id"] in AIFF else wav_bytes
    return to_bytes(speech, sample_rate)


def _aiff_bytes(samples: Array, sample_rate: int) -> bytes:
    """A 16-bit PCM AIFF file of samples in [-1, 1], shape (frames, channels)."""
    buffer = io.BytesIO()
    rounded = np.round(samples * 32767).astype(np.int16)
    soundfile.write(buffer, rounded, sample_rate, format="AIFF", subtype="PCM_16")
    return buffer.getvalue()


_TWIN = twin_of_paths("TESS", ARCHIVE, _upstream_paths, describe_clip, _simulate_clip)
simulated_clips = _TWIN.simulated_clips
simulate_archive = _TWIN.simulate_archive
