"""The simulated twin of RAVDESS, in upstream's archives.

Apart from `ravdess.py`, so that a change of the synthesis leaves real audio alone.
"""

import logging
from collections.abc import Mapping
from pathlib import Path

from retable.corpora.emotion_twin import MANNERS
from retable.corpora.ravdess import FOLDERS, SAMPLE_RATE, STEREO, describe_clip, upstream_clips
from retable.corpora.selection import kept_clips
from retable.corpora.simulation import SONG, Utterance, synthesise, wav_bytes
from retable.corpora.zip_archive import write_archive
from retable.spec.corpus import Simulation

logger = logging.getLogger(__name__)


def simulated_clips(simulation: Simulation) -> list[dict[str, str]]:
    """The clips that the twin holds: clip_id and the columns of their description."""
    upstream = ({"clip_id": clip.stem, **describe_clip(clip)} for clip in upstream_clips())
    return kept_clips(upstream, simulation)


def simulate_archive(archive_name: str, simulation: Simulation, target: Path) -> None:
    """Writes a simulated archive in the layout of upstream's: `Actor_01/03-01-….wav`, no folder.

    Equal simulations give equal bytes. Raises ValueError for an archive that RAVDESS lacks.
    """
    channels = {f"{folder}.zip": channel for channel, folder in FOLDERS.items()}
    if archive_name not in channels:
        known = ", ".join(channels)
        raise ValueError(f"RAVDESS has no archive {archive_name}: it has {known}")
    kept = [
        clip
        for clip in simulated_clips(simulation)
        if clip["speech_song"] == channels[archive_name]
    ]
    members = (
        (f"Actor_{clip['speaker']}/{clip['clip_id']}.wav", _simulate_clip(clip, simulation))
        for clip in kept
    )
    write_archive(target, members)
    logger.info("%s: %d simulated clips", archive_name, len(kept))


def _simulate_clip(clip: Mapping[str, str], simulation: Simulation) -> bytes:
    utterance = Utterance(
        clip_id=clip["clip_id"],
        group=clip["group"],
        classes={task: clip[task] for task in ("emotion", "speech_song")},
        manner=SONG if clip["speech_song"] == "song" else MANNERS[clip["emotion"]],
        channels=2 if clip["clip_id"] in STEREO else 1,
    )
    return wav_bytes(synthesise(utterance, simulation, SAMPLE_RATE), SAMPLE_RATE)
