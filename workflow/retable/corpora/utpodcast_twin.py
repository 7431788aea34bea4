"""The simulated twin of UT-Podcast, in upstream's archive.

Apart from `utpodcast.py`, so that a change of the synthesis leaves real audio alone.

Ten podcasts an accent, each with clips on both sides of upstream's division. Upstream's number of
podcasts is not known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from retable.corpora.simulation import SPEECH, Utterance, synthesise, wav_bytes
from retable.corpora.twin import Clip, Twin
from retable.corpora.twin_tarball import write_tarball
from retable.corpora.utpodcast import SAMPLE_RATE
from retable.spec.corpus import Simulation

ARCHIVE = "UT-Podcast.tar.gz"
FOLDER = "UT-Podcast"
PODCASTS = {
    "AU": tuple(f"AU-{number}" for number in range(301, 311)),
    "UK": tuple(f"UK-{number}_1" for number in range(11, 21)),
    "US": tuple(f"US-{number}_1" for number in range(121, 131)),
}
"""Accent -> podcasts, under names like the three of upstream's that are known."""
MANNERS = {
    "AU": replace(SPEECH, syllable_s=0.27, dip_db=30.0),
    "UK": replace(SPEECH, syllable_s=0.19),
    "US": replace(SPEECH, syllable_s=0.13, dip_db=16.0),
}
"""Accent -> its rhythm: what a network hears of a waveform before it hears a spectrum."""
CLIPS = {"AU": (449, 332), "UK": (246, 89), "US": (406, 240)}
"""Accent -> upstream's clips for training and for test."""


def _upstream_clips() -> Iterator[dict[str, str]]:
    """1,762 clips, as many of an accent and partition as upstream has.

    Each podcast gets as many clips as the next, one more or less, and about the same share of them
    is for test, from its first segments on: a twin that keeps those has both partitions.
    """
    for accent, (train, test) in CLIPS.items():
        podcasts = PODCASTS[accent]
        clips = train + test
        for number in range(clips):
            segment, podcast = divmod(number, len(podcasts))
            # The whole steps of an even slope from 0 to `test` are spread over all the clips.
            for_test = (number + 1) * test // clips > number * test // clips
            name = podcasts[podcast]
            yield {
                "clip_id": f"{name}__{segment + 1:02d}",
                "speaker": "",
                "group": name.removesuffix("_1"),
                "accent": accent,
                "partition": "test" if for_test else "train",
                "segment": f"{segment + 1:02d}",
            }


def _members(clips: Sequence[Clip], simulation: Simulation) -> Iterator[tuple[str, bytes]]:
    """Audio, without the transcripts that upstream has."""
    for clip in clips:
        folder = f"{FOLDER}/audio/{clip['partition']}/{clip['accent']}"
        yield f"{folder}/{clip['clip_id']}.wav", _simulate_clip(clip, simulation)


def _simulate_clip(clip: Clip, simulation: Simulation) -> bytes:
    accent = clip["accent"]
    speech = Utterance(clip["clip_id"], clip["group"], {"accent": accent}, MANNERS[accent])
    return wav_bytes(synthesise(speech, simulation, SAMPLE_RATE), SAMPLE_RATE)


_TWIN = Twin("UT-Podcast", _upstream_clips, {ARCHIVE: _members}, write_tarball)
simulated_clips = _TWIN.simulated_clips
simulate_archive = _TWIN.simulate_archive
