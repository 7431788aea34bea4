"""The simulated twin of RAVDESS, in upstream's archives.

Apart from `ravdess.py`, so that a change of the synthesis leaves real audio alone.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from retable.corpora.emotional_speech import MANNERS
from retable.corpora.ravdess import FOLDERS, SAMPLE_RATE, STEREO, describe_clip, upstream_clips
from retable.corpora.simulation import SONG, Utterance, synthesise, wav_bytes
from retable.corpora.twin import Clip, Twin
from retable.spec.corpus import Simulation


def _upstream_clips() -> Iterator[dict[str, str]]:
    for path in upstream_clips():
        yield {"clip_id": path.stem, **describe_clip(path)}


def _members(
    channel: str, clips: Sequence[Clip], simulation: Simulation
) -> Iterator[tuple[str, bytes]]:
    """Those of the clips that are speech, or song: `Actor_01/03-01-….wav`, no folder above."""
    for clip in clips:
        if clip["speech_song"] == channel:
            path = f"Actor_{clip['speaker']}/{clip['clip_id']}.wav"
            yield path, _simulate_clip(clip, simulation)


def _simulate_clip(clip: Clip, simulation: Simulation) -> bytes:
    utterance = Utterance(
        clip_id=clip["clip_id"],
        group=clip["group"],
        classes={task: clip[task] for task in ("emotion", "speech_song")},
        manner=SONG if clip["speech_song"] == "song" else MANNERS[clip["emotion"]],
        channels=2 if clip["clip_id"] in STEREO else 1,
    )
    return wav_bytes(synthesise(utterance, simulation, SAMPLE_RATE), SAMPLE_RATE)


_ARCHIVES = {f"{folder}.zip": partial(_members, channel) for channel, folder in FOLDERS.items()}
_TWIN = Twin("RAVDESS", _upstream_clips, _ARCHIVES)
simulated_clips = _TWIN.simulated_clips
simulate_archive = _TWIN.simulate_archive
