"""What the simulated twins of corpora of emotional speech have in common.

An emotion does the same to the spectrum in all of them and in the twin of RAVDESS, as long as they
have the same seed, so that clips of one corpus can help to learn another: the class is RAVDESS's,
and the speech is synthesised at RAVDESS's rate, for the synthesis spreads its bands over all
frequencies up to half the rate. An emotion also has a rhythm, a voice and a melody of its own: what
is left of it where a network sees no mean spectrum (densenet_ser whitens each clip).
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import soxr

from retable.corpora.files import DescribeClip
from retable.corpora.selection import kept_clips
from retable.corpora.simulation import SPEECH, Array, Utterance, synthesise
from retable.corpora.zip_archive import write_archive
from retable.spec.corpus import Simulation

logger = logging.getLogger(__name__)

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


@dataclass(frozen=True)
class EmotionTwin:
    """The twin of a corpus that has one archive."""

    title: str
    archive: str
    upstream_paths: Callable[[], Iterable[PurePosixPath]]
    """All of upstream's clips, by their paths in the archive."""
    describe: DescribeClip
    simulate_clip: Callable[[Mapping[str, str], Simulation], bytes]
    """The audio file of a clip: of its clip_id and the columns of its description."""

    def simulated_clips(self, simulation: Simulation) -> list[dict[str, str]]:
        """The clips that the twin holds: clip_id and the columns of their description."""
        return list(self._kept(simulation).values())

    def simulate_archive(self, archive_name: str, simulation: Simulation, target: Path) -> None:
        """Writes the simulated archive, in the layout of the one that upstream's clips come in.

        Equal simulations give equal bytes. Raises ValueError for an archive that the corpus lacks.
        """
        if archive_name != self.archive:
            raise ValueError(f"{self.title} has no archive {archive_name}: it has {self.archive}")
        clips = sorted(self._kept(simulation).items())
        members = ((path, self.simulate_clip(clip, simulation)) for path, clip in clips)
        write_archive(target, members)
        logger.info("%s: %d simulated clips", archive_name, len(clips))

    def _kept(self, simulation: Simulation) -> dict[str, dict[str, str]]:
        """Path in the archive -> description, without remarks, of the clips that the twin holds."""
        clips = {str(path): self._described(path) for path in self.upstream_paths()}
        kept = {clip["clip_id"] for clip in kept_clips(clips.values(), simulation)}
        return {path: clip for path, clip in clips.items() if clip["clip_id"] in kept}

    def _described(self, path: PurePosixPath) -> dict[str, str]:
        clip = {"clip_id": path.stem, **self.describe(path)}
        clip.pop("remark", None)
        return clip


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
