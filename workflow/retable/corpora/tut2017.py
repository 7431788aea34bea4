"""TUT Acoustic Scenes 2017: 15 everyday scenes, recorded in Finland with microphones in the ears.

Each recording was made at another place, lasts about three to five minutes and was cut into
segments of 10 s (and one frame, 441,001), which are the clips: 44.1 kHz, 24 bit, two channels.
4,680 clips of the development set, 312 a scene, come with four folds; 1,620 of the evaluation set,
108 a scene, come from other recordings.

A development clip's name holds the recording and its span in it, in seconds (`b020_90_100`; spans
start anywhere, for faulty parts were cut out). Evaluation clips are numbered (`1` to `1620`);
`map.txt` gives their original names.

The folds are taken as the lists have them. Folds 1 and 4 evaluate 1,170 clips each, folds 2 and 3
1,173, which is 4,686 in all: six clips are evaluated in two folds. `error.txt` lists 84 spans with
a microphone failure or radio interference; it exists for the development set only.

Mesaros A., Heittola T., Diment A., Elizalde B., Shah A., Vincent E., Raj B., Virtanen T. (2017):
DCASE 2017 Challenge Setup: Tasks, Datasets and Baseline System. Proc. DCASE Workshop, 85-92.
Licence: free for non-commercial use.
"""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from retable.corpora.files import ClipDescriptions
from retable.corpora.metadata import metadata_fault
from retable.corpora.tut2017_metadata import (
    ANONYMOUS_NAME,
    RECORDED_NAME,
    ListedClip,
    read_faulty,
    read_map,
    read_scenes,
    recording_and_start,
)

SAMPLE_RATE = 44_100
SCENES = (
    "beach",
    "bus",
    "cafe/restaurant",
    "car",
    "city_center",
    "forest_path",
    "grocery_store",
    "home",
    "library",
    "metro_station",
    "office",
    "park",
    "residential_area",
    "train",
    "tram",
)
FOLDS = ("1", "2", "3", "4")
ROLES = ("train", "evaluate")
DEVELOPMENT = "TUT-acoustic-scenes-2017-development"
EVALUATION = "TUT-acoustic-scenes-2017-evaluation"

META = f"{DEVELOPMENT}/meta.txt"
ERRORS = f"{DEVELOPMENT}/error.txt"
FOLD_LISTS = {
    (fold, role): f"{DEVELOPMENT}/evaluation_setup/fold{fold}_{role}.txt"
    for fold in FOLDS
    for role in ROLES
}
EVALUATE = f"{EVALUATION}/evaluation_setup/evaluate.txt"
MAP = f"{EVALUATION}/evaluation_setup/map.txt"
METADATA = (META, ERRORS, *FOLD_LISTS.values(), EVALUATE, MAP)
"""Files that describe the clips: how their paths end."""


def clip_descriptions(metadata: Mapping[str, Path]) -> ClipDescriptions:
    """What the lists say of each clip; `metadata`: entry of METADATA -> file.

    Raises DataError for a malformed line, an unknown scene, a list that contradicts another, a
    development clip that `meta.txt` lacks, a clip that both trains and evaluates in a fold, and an
    evaluation clip without an original name.
    """
    meta = read_scenes(metadata[META], RECORDED_NAME, SCENES)
    faulty = read_faulty(metadata[ERRORS], meta)
    folds = {fold: _fold_roles(metadata, fold, meta) for fold in FOLDS}
    evaluation = read_scenes(metadata[EVALUATE], ANONYMOUS_NAME, SCENES)
    originals = read_map(metadata[MAP])
    columns = {
        clip_id: development_columns(
            clip_id,
            listed.scene,
            {fold: roles.get(clip_id, "") for fold, roles in folds.items()},
            clip_id in faulty,
        )
        for clip_id, listed in meta.items()
    }
    for clip_id, listed in evaluation.items():
        if clip_id not in originals:
            raise metadata_fault(
                metadata[EVALUATE],
                listed.line,
                f"{clip_id} without an original name",
                f"a line for it in {metadata[MAP]}",
            )
        columns[clip_id] = evaluation_columns(originals[clip_id], listed.scene)

    def describe(path: PurePosixPath) -> dict[str, str]:
        if path.stem not in columns:
            raise ValueError(f"bad name: {path.stem} is in neither {META} nor {EVALUATE}")
        return dict(columns[path.stem])

    return ClipDescriptions(
        describe,
        {
            **dict.fromkeys(originals, str(metadata[MAP])),
            **dict.fromkeys(evaluation, str(metadata[EVALUATE])),
            **dict.fromkeys(meta, str(metadata[META])),
        },
    )


def development_columns(
    clip_id: str, scene: str, roles: Mapping[str, str], faulty: bool
) -> dict[str, str]:
    """Manifest columns of a development clip; `roles`: fold -> train, evaluate or nothing."""
    return _columns(clip_id, scene, "development", roles, faulty)


def evaluation_columns(original: str, scene: str) -> dict[str, str]:
    """Manifest columns of an evaluation clip, whose faulty spans nobody lists."""
    return _columns(original, scene, "evaluation", dict.fromkeys(FOLDS, ""), False)


def _columns(
    original: str, scene: str, subset: str, roles: Mapping[str, str], faulty: bool
) -> dict[str, str]:
    recording, start = recording_and_start(original)
    return {
        "speaker": "",
        "group": recording,
        "scene": scene,
        "subset": subset,
        **{f"fold{fold}": roles[fold] for fold in FOLDS},
        "faulty": "yes" if faulty else "no",
        "original": original,
        "start_s": start,
    }


def _fold_roles(
    metadata: Mapping[str, Path], fold: str, meta: Mapping[str, ListedClip]
) -> dict[str, str]:
    """clip_id -> its role in a fold."""
    roles: dict[str, str] = {}
    for role in ROLES:
        file = metadata[FOLD_LISTS[fold, role]]
        for clip_id, listed in read_scenes(file, RECORDED_NAME, SCENES).items():
            if clip_id not in meta:
                raise metadata_fault(file, listed.line, clip_id, f"a clip of {metadata[META]}")
            if listed.scene != meta[clip_id].scene:
                raise metadata_fault(
                    file,
                    listed.line,
                    f"{clip_id} as {listed.scene}",
                    f"{meta[clip_id].scene}, as in {metadata[META]}, line {meta[clip_id].line}",
                )
            if roles.setdefault(clip_id, role) != role:
                raise metadata_fault(
                    file,
                    listed.line,
                    f"{clip_id} to {role}",
                    f"a clip that {metadata[FOLD_LISTS[fold, roles[clip_id]]].name} does not name",
                )
    return roles
