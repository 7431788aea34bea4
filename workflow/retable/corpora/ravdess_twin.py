"""The simulated twin of RAVDESS, in upstream's archives.

Apart from `ravdess.py`, so that a change of the synthesis leaves real audio alone.
"""

import logging
import zipfile
from pathlib import Path, PurePosixPath

from retable.corpora.ravdess import FOLDERS, SAMPLE_RATE, STEREO, describe_clip, upstream_clips
from retable.corpora.selection import kept_clips
from retable.corpora.simulation import SONG, SPEECH, Utterance, synthesise, wav_bytes
from retable.spec.corpus import Simulation

logger = logging.getLogger(__name__)


def simulate_archive(archive_name: str, simulation: Simulation, target: Path) -> None:
    """Writes a simulated archive in the layout of upstream's: `Actor_01/03-01-….wav`, no folder.

    Equal simulations give equal bytes. Raises ValueError for an archive that RAVDESS lacks.
    """
    folder = archive_name.removesuffix(".zip")
    if folder not in FOLDERS.values():
        known = ", ".join(f"{name}.zip" for name in FOLDERS.values())
        raise ValueError(f"RAVDESS has no archive {archive_name}: it has {known}")
    clips = [clip for clip in upstream_clips() if clip.parts[0] == folder]
    kept = kept_clips(clips, describe_clip, simulation)
    partial = target.with_name(f"{target.name}.part")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
        for clip in kept:
            # A fixed time stamp and system: ZipInfo's own depend on the clock and the platform.
            member = zipfile.ZipInfo(str(clip.relative_to(folder)), (2018, 5, 16, 0, 0, 0))
            member.create_system = 3
            member.external_attr = 0o644 << 16
            archive.writestr(member, _simulate_clip(clip, simulation))
    partial.replace(target)
    logger.info("%s: %d simulated clips", archive_name, len(kept))


def _simulate_clip(clip: PurePosixPath, simulation: Simulation) -> bytes:
    columns = describe_clip(clip)
    utterance = Utterance(
        clip_id=clip.stem,
        speaker=columns["speaker"],
        classes={task: columns[task] for task in ("emotion", "speech_song")},
        manner=SONG if columns["speech_song"] == "song" else SPEECH,
        channels=2 if clip.stem in STEREO else 1,
    )
    return wav_bytes(synthesise(utterance, simulation, SAMPLE_RATE), SAMPLE_RATE)
