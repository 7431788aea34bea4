"""The simulated twin of ESC-50, in upstream's archive.

Apart from `esc50.py`, so that a change of the synthesis leaves real audio alone.
"""

import csv
import io
import itertools
from collections.abc import Iterator, Sequence

from retable.corpora.esc50 import CLIP_LIST, COLUMNS, ESC10, EVENTS, FOLDS, SAMPLE_RATE
from retable.corpora.simulation import Manner, Utterance, synthesise, wav_bytes
from retable.corpora.twin import Clip, Twin
from retable.spec.corpus import Simulation

ARCHIVE = "ESC-50-master.zip"
FOLDER = "ESC-50-master"
RECORDINGS = 2
"""Source recordings of a class in a fold; each is cut into four clips. Upstream's have 1 to 8."""
TAKES = ("A", "B", "C", "D")
FIRST_RECORDING = 100_000
"""Upstream's numbers, which are freesound's, have five or six digits."""

EVENT = Manner(
    syllable_s=0.35,
    dip_db=18.0,
    glide_semitones=3.0,
    melody=(-7, -3, 0, 0, 2, 5, 9),
    vibrato_semitones=0.0,
    breath=0.4,
)
"""Sounds that come again and again, as much noise as pitch."""


def _upstream_clips() -> Iterator[dict[str, str]]:
    """2,000 clips under names like upstream's, which no rule gives: 8 of a class in each fold."""
    recordings = itertools.product(FOLDS, range(len(EVENTS)), range(RECORDINGS))
    for number, (fold, target, _) in enumerate(recordings, FIRST_RECORDING):
        for take in TAKES:
            yield {
                "clip_id": f"{fold}-{number}-{take}-{target}",
                "group": str(number),
                "event": EVENTS[target],
                "fold": fold,
                "esc10": str(EVENTS[target] in ESC10),
                "take": take,
            }


def _members(clips: Sequence[Clip], simulation: Simulation) -> Iterator[tuple[str, bytes]]:
    """Audio, and the list of the clips."""
    for clip in clips:
        yield f"{FOLDER}/audio/{clip['clip_id']}.wav", _simulate_clip(clip, simulation)
    yield f"{FOLDER}/{CLIP_LIST}", _clip_list(clips)


def _clip_list(clips: Sequence[Clip]) -> bytes:
    """`meta/esc50.csv` of some clips."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for clip in clips:
        target = EVENTS.index(clip["event"])
        name = f"{clip['clip_id']}.wav"
        columns = ("event", "esc10", "group", "take")
        rows.writerow([name, clip["fold"], target, *(clip[column] for column in columns)])
    return text.getvalue().encode()


def _simulate_clip(clip: Clip, simulation: Simulation) -> bytes:
    event = Utterance(clip["clip_id"], clip["group"], {"event": clip["event"]}, EVENT)
    return wav_bytes(synthesise(event, simulation, SAMPLE_RATE), SAMPLE_RATE)


_TWIN = Twin("ESC-50", _upstream_clips, {ARCHIVE: _members})
simulated_clips = _TWIN.simulated_clips
simulate_archive = _TWIN.simulate_archive
