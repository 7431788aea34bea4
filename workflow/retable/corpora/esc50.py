"""ESC-50: environmental sound classification.

2,000 recordings of 5 s in 50 classes of 40 clips each: animals, natural soundscapes and water,
human non-speech, domestic and urban sounds. Cut from recordings of freesound.org, whose length a
short one is filled up to with silence. Five folds of 400 clips are official: they keep the clips of
a recording together (but for 4 recordings of 1,524). Ten of the classes are the subset ESC-10.

WAV, 44.1 kHz, 16 bit, mono; the first release was Ogg Vorbis. A clip's name is
`fold-recording-take-target`, as in `1-100032-A-0`; `meta/esc50.csv` repeats that and names the
class.

Piczak K. J. (2015): ESC: Dataset for Environmental Sound Classification. Proceedings of the 23rd
ACM International Conference on Multimedia, 1015-1018. https://doi.org/10.1145/2733373.2806390.
Licence: CC BY-NC 3.0; the subset ESC-10 CC BY 3.0, with an attribution for each clip.
"""

import csv
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from retable.corpora.files import ClipDescriptions
from retable.corpora.metadata import metadata_fault

CLIP_LIST = "meta/esc50.csv"
METADATA = (CLIP_LIST,)
COLUMNS = ("filename", "fold", "target", "category", "esc10", "src_file", "take")
SAMPLE_RATE = 44_100
FOLDS = ("1", "2", "3", "4", "5")
EVENTS = (
    "dog",
    "rooster",
    "pig",
    "cow",
    "frog",
    "cat",
    "hen",
    "insects",
    "sheep",
    "crow",
    "rain",
    "sea_waves",
    "crackling_fire",
    "crickets",
    "chirping_birds",
    "water_drops",
    "wind",
    "pouring_water",
    "toilet_flush",
    "thunderstorm",
    "crying_baby",
    "sneezing",
    "clapping",
    "breathing",
    "coughing",
    "footsteps",
    "laughing",
    "brushing_teeth",
    "snoring",
    "drinking_sipping",
    "door_wood_knock",
    "mouse_click",
    "keyboard_typing",
    "door_wood_creaks",
    "can_opening",
    "washing_machine",
    "vacuum_cleaner",
    "clock_alarm",
    "clock_tick",
    "glass_breaking",
    "helicopter",
    "chainsaw",
    "siren",
    "car_horn",
    "engine",
    "train",
    "church_bells",
    "airplane",
    "fireworks",
    "hand_saw",
)
"""In the order of `target`."""
ESC10 = frozenset(
    {
        "dog",
        "rooster",
        "rain",
        "sea_waves",
        "crackling_fire",
        "crying_baby",
        "sneezing",
        "clock_tick",
        "helicopter",
        "chainsaw",
    }
)


def clip_descriptions(metadata: Mapping[str, Path]) -> ClipDescriptions:
    """What `meta/esc50.csv` says of the clips.

    Raises DataError, naming the line, for a list that is none of ESC-50, that names a clip twice,
    or whose columns and file names disagree.
    """
    file = metadata[CLIP_LIST]
    clips = _read_clip_list(file)

    def describe_clip(path: PurePosixPath) -> dict[str, str]:
        if path.stem not in clips:
            raise ValueError(f"bad name: {path.stem} is not in {CLIP_LIST}")
        return clips[path.stem]

    return ClipDescriptions(describe_clip, dict.fromkeys(clips, str(file)))


def _read_clip_list(file: Path) -> dict[str, dict[str, str]]:
    """clip_id -> its manifest columns."""
    clips: dict[str, dict[str, str]] = {}
    # Spreadsheets leave a byte order mark; what is no text at all fails by its header.
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        rows = csv.DictReader(lines)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            header = ", ".join(rows.fieldnames or ())[:200]
            raise metadata_fault(file, 1, f"columns {header!r}", ", ".join(COLUMNS))
        for row in rows:
            clip_id = PurePosixPath(row["filename"]).stem
            fault = _row_fault(row, clip_id)
            if clip_id in clips:
                fault = fault or (f"{clip_id} again", "each clip once")
            if fault:
                raise metadata_fault(file, rows.line_num, *fault)
            clips[clip_id] = {
                "group": row["src_file"],
                "event": row["category"],
                "fold": row["fold"],
                "esc10": row["esc10"],
                "take": row["take"],
            }
    return clips


def _row_fault(row: Mapping[str, str], clip_id: str) -> tuple[str, str] | None:
    """The first fault of a row: what it holds, and what was expected."""
    if None in row or None in row.values():
        return f"{clip_id} with another number of columns", f"{len(COLUMNS)} columns"
    named = "-".join(row[column] for column in ("fold", "src_file", "take", "target"))
    if clip_id != named:
        return f"file name {clip_id} beside fold-src_file-take-target {named}", "the same"
    if row["fold"] not in FOLDS:
        return f"{clip_id} in fold {row['fold']}", f"fold {FOLDS[0]} to {FOLDS[-1]}"
    targets = {str(target): event for target, event in enumerate(EVENTS)}
    event = targets.get(row["target"])
    if event is None:
        return f"{clip_id} with target {row['target']}", f"target 0 to {len(EVENTS) - 1}"
    if row["category"] != event:
        return f"{clip_id} of category {row['category']!r}", f"{event!r} for target {row['target']}"
    if row["esc10"] != str(event in ESC10):
        return f"{clip_id} with esc10 {row['esc10']!r}", f"{event in ESC10} for {event}"
    return None
