import json

import numpy as np
import pandas as pd
import pytest

from imports import loaded_by
from retable.errors import DataError
from retable.spec.figure import MixedPatches
from retable.training.inputs import InputFiles
from retable.training.patch_examples import write_patch_examples
from retable.training.patch_examples_file import read_patch_example_file

BANDS, FRAMES, HOP = 2, 4, 2
FIGURE = MixedPatches(
    kind="mixed_patches",
    title="A scene, an event and their mixture",
    caption="Half of each.",
    experiments=("MX-MTL",),
    pairs=(("bus", "dog"), ("park", "rain")),
    channel="right",
)
# Clip -> class and role; the first training clip of a class is not the first clip.
SCENES = {"s3": ("bus", "train"), "s1": ("bus", "test"), "s2": ("bus", "train"),
          "s4": ("park", "train")}  # fmt: skip
EVENTS = {"e1": ("dog", "train"), "e2": ("rain", "train")}
MOMENTS = {"left": (0.0, 1.0), "right": (100.0, 2.0), "mono": (10.0, 5.0)}
"""Channel -> mean and deviation of every band."""


def write_input(folder, name, clips, task, channels, patches, **changes) -> InputFiles:
    """An input whose images hold 1000 * clip + 100 * channel + 10 * band + frame."""
    files = {kind: folder / f"{name}-{kind}.tsv" for kind in ("clips", "roles", "moments")}
    frames = FRAMES + (patches - 1) * HOP
    shape = (len(channels), BANDS, frames)
    clip, channel, band, frame = np.indices((len(clips), *shape), dtype=np.float32)
    shard = folder / f"{name}.npy"
    np.save(shard, 1000 * clip + 100 * channel + 10 * band + frame)
    facts = {
        "channels": channels,
        "patch": {"frames": FRAMES, "hop_frames": HOP, "patches": patches},
        "sample_rate": 1000,
        "hop": 250,
    } | changes
    index = {"clip_ids": list(clips), "shape": shape, "dtype": "float32", "feature": facts}
    shard.with_suffix(".json").write_text(json.dumps(index))
    labels = {"clip_id": list(clips), task: [name for name, _ in clips.values()]}
    pd.DataFrame(labels).to_csv(files["clips"], sep="\t", index=False)
    # Fold 1 has other roles: the lowest fold counts.
    roles = [(0, 0, clip_id, role) for clip_id, (_, role) in clips.items()]
    roles += [(0, 1, clip_id, "test") for clip_id in clips]
    table = pd.DataFrame(roles, columns=["repeat", "fold", "clip_id", "role"])
    table.to_csv(files["roles"], sep="\t", index=False)
    moments = [(0, fold, channel, band, *MOMENTS[channel])
               for fold in (0, 1) for channel in channels for band in range(BANDS)]  # fmt: skip
    columns = ["repeat", "fold", "channel", "band", "mean", "sd"]
    pd.DataFrame(moments, columns=columns).to_csv(files["moments"], sep="\t", index=False)
    return InputFiles([files["clips"]], [shard], files["roles"], files["moments"], ["simulated"])


@pytest.fixture
def inputs(tmp_path):
    """Scenes of two channels and five patches, events of one channel and one patch."""
    return [
        write_input(tmp_path, "scenes", SCENES, "scene", ["left", "right"], 5),
        write_input(tmp_path, "events", EVENTS, "event", ["mono"], 1),
    ]


def write(folder, inputs, figure=FIGURE, weight=0.5):
    path = folder / "examples.npz"
    write_patch_examples(figure, ("scene", "event"), inputs, weight, path)
    return read_patch_example_file(path)


def test_a_pair_is_the_first_training_clip_of_each_class(tmp_path, inputs):
    examples = write(tmp_path, inputs)
    assert examples.clip_ids == (("s2", "e1"), ("s4", "e2"))
    assert examples.classes == FIGURE.pairs
    assert (examples.tasks, examples.channels) == (("scene", "event"), ("right", "mono"))
    assert examples.frame_s == 0.25 and examples.standardised


def test_patches_are_the_middle_ones_standardised_and_mixed(tmp_path, inputs):
    examples = write(tmp_path, inputs)
    assert examples.patches.shape == (2, 3, BANDS, FRAMES)
    scene, event, mixture = examples.patches[0, :, 1, 3]
    # Clip s2 is the third, patch 2 of 0 to 4 starts at frame 4: 2000 + 100 + 10 + 7.
    assert scene == (2117 - 100) / 2
    assert event == (13 - 10) / 5
    assert mixture == pytest.approx(0.5 * scene + 0.5 * event)
    quarter = write(tmp_path, inputs, weight=0.25).patches[0, :, 1, 3]
    assert quarter[2] == pytest.approx(0.25 * scene + 0.75 * event)


def test_patches_may_stay_as_they_are(tmp_path, inputs):
    plain = [InputFiles(i.datasets, i.feature_shards, i.split, None, i.sources) for i in inputs]
    examples = write(tmp_path, plain)
    assert not examples.standardised
    assert examples.patches[0, 0, 0, 0] == 2104


def test_what_is_missing_is_named(tmp_path, inputs):
    other = FIGURE.model_copy(update={"pairs": (("tram", "dog"),)})
    with pytest.raises(DataError, match=r"fold 0 has no training clip of scene 'tram'; .* bus, pa"):
        write(tmp_path, inputs, other)
    with pytest.raises(DataError, match="no column 'scene', which should name classes; there is"):
        write(tmp_path, [inputs[0], inputs[1]][::-1], FIGURE.model_copy(update={"channel": "mono"}))


def test_patches_of_other_lengths_are_not_mixed(tmp_path, inputs):
    faster = write_input(tmp_path, "faster", EVENTS, "event", ["mono"], 1, hop=125)
    with pytest.raises(
        DataError, match=r"2 bands x 4 frames of 0.25 s cannot be mixed with .* 0.12"
    ):
        write(tmp_path, [inputs[0], faster])


def test_equal_inputs_give_equal_bytes(tmp_path, inputs):
    paths = [tmp_path / name for name in ("a.npz", "b.npz")]
    for path in paths:
        write_patch_examples(FIGURE, ("scene", "event"), inputs, 0.5, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_file_that_is_none_is_refused(tmp_path):
    path = tmp_path / "examples.npz"
    path.write_text("nothing")
    with pytest.raises(DataError, match=r"examples\.npz: holds no example patches"):
        read_patch_example_file(path)


def test_neither_cutting_patches_nor_drawing_them_needs_torch():
    modules = "retable.training.patch_examples, retable.figures.patches"
    assert "torch" not in loaded_by(f"import {modules}")
