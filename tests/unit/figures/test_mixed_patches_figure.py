import numpy as np
import pytest
from PIL import Image

from drawn_figures import assert_same_bytes_and_readable
from retable.errors import DataError
from retable.figures.style import write_figure
from retable.spec.figure import MixedPatches
from retable.training.patch_examples_file import PatchExamples, write_patch_example_file

PAIRS = (("city_center", "siren"), ("park", "rain"))
FIGURE = MixedPatches(
    kind="mixed_patches",
    title="A scene, an event and their mixture",
    caption="Half of each.",
    experiments=("MX-MTL",),
    pairs=PAIRS,
    channel="left",
)


def examples(pairs=PAIRS, channel="left") -> PatchExamples:
    """Noise, and the half of two noises."""
    generator = np.random.default_rng(0)
    both = generator.normal(size=(len(pairs), 2, 64, 64)).astype(np.float32)
    return PatchExamples(
        tasks=("scene", "event"),
        channels=(channel, "mono"),
        classes=pairs,
        clip_ids=tuple(("b043_150_160", "1-31482-A-42") for _ in pairs),
        patches=np.concatenate([both, both.mean(axis=1, keepdims=True)], axis=1),
        weight=0.5,
        frame_s=1024 / 44100,
        standardised=True,
    )


def draw(folder, figure=FIGURE, shown=None, name="drawn"):
    path = folder / "examples.npz"
    write_patch_example_file(shown or examples(figure.pairs), path)
    svg, png = folder / f"{name}.svg", folder / f"{name}.png"
    write_figure(figure, {"MX-MTL": [path]}, {}, note="simulated audio", svg=svg, png=png)
    return svg, png


def test_equal_inputs_give_equal_bytes_and_a_readable_image(tmp_path):
    first, second = draw(tmp_path, name="a"), draw(tmp_path, name="b")
    assert_same_bytes_and_readable(first, second, wider_than=1200)


def test_a_pair_is_a_row_of_three_images_on_one_scale(tmp_path):
    svg, png = draw(tmp_path)
    # Two pairs, and the colour bar.
    assert svg.read_text().count("<image") == 2 * 3 + 1
    assert svg.stat().st_size < 1_000_000
    _, single = draw(tmp_path, FIGURE.model_copy(update={"pairs": PAIRS[:1]}), name="single")
    assert Image.open(png).size[1] > Image.open(single).size[1] + 300


@pytest.mark.parametrize(
    ("shown", "held"),
    [
        (examples(PAIRS[:1]), "city_center and siren of channel left"),
        (examples(channel="mid"), "park and rain of channel mid"),
    ],
)
def test_a_file_that_holds_something_else_is_refused(tmp_path, shown, held):
    with pytest.raises(DataError, match=rf"examples\.npz: holds .*{held}, which is not what"):
        draw(tmp_path, shown=shown)
