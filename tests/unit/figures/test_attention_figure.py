import numpy as np
import pytest
from matplotlib.axes import Axes
from PIL import Image

from drawn_figures import assert_same_bytes_and_readable
from retable.errors import DataError
from retable.figures.attention import classifier_order
from retable.figures.style import write_figure
from retable.spec.figure import AttentionOverTime
from retable.training.attention_examples_file import (
    AttentionExamples,
    ClipAttention,
    write_attention_example_file,
)

FIGURE = AttentionOverTime(
    kind="attention",
    title="What the classifiers of CAB-CNN attend to",
    caption="A test clip of each accent.",
    experiments=("CA-CAB-30",),
    classes=("AU", "UK", "US"),
)
STEP_S = 0.025


def clip_attention(name, steps, classifiers=40, classes=3) -> ClipAttention:
    """Noise, with weights and probabilities that sum to one."""
    generator = np.random.default_rng(steps)
    weights = generator.dirichlet(np.full(classifiers, 0.1), size=steps)
    probabilities = generator.dirichlet(np.full(classes, 0.5), size=steps)
    return ClipAttention(
        name=name,
        clip_id=f"{name}-301__40",
        waveform=generator.normal(size=100 * steps).astype(np.float16),
        weights=weights.astype(np.float16),
        probabilities=probabilities.astype(np.float16),
        predicted=probabilities.mean(axis=0).astype(np.float32),
    )


def examples(*steps, classes=FIGURE.classes) -> AttentionExamples:
    clips = tuple(clip_attention(name, n) for name, n in zip(classes, steps, strict=True))
    return AttentionExamples("accent", FIGURE.classes, clips, STEP_S)


def draw(folder, shown, figure=FIGURE, name="drawn"):
    path = folder / "examples.npz"
    write_attention_example_file(shown, path)
    svg, png = folder / f"{name}.svg", folder / f"{name}.png"
    write_figure(figure, {"CA-CAB-30": [path]}, {}, note="simulated audio", svg=svg, png=png)
    return svg, png


@pytest.mark.parametrize("steps", [(1200, 1200, 890), (1, 1, 2)])
def test_equal_inputs_give_equal_bytes_and_a_readable_image(tmp_path, steps):
    shown = examples(*steps)
    first, second = draw(tmp_path, shown, name="a"), draw(tmp_path, shown, name="b")
    assert_same_bytes_and_readable(first, second, wider_than=1200)
    assert first[0].stat().st_size < 1_000_000


def test_every_clip_has_panels_of_its_own(tmp_path):
    _, three = draw(tmp_path, examples(80, 80, 80))
    single = FIGURE.model_copy(update={"classes": ("AU",)})
    _, one = draw(tmp_path, examples(80, classes=("AU",)), single, name="one")
    assert Image.open(three).size[0] == Image.open(one).size[0]
    assert Image.open(three).size[1] > Image.open(one).size[1] + 800


def test_classifiers_are_in_the_order_of_their_mean_weight_over_clips():
    long = np.array([[0.6, 0.1, 0.3]] * 100)
    short = np.array([[0.0, 0.9, 0.1]])
    # Means over clips: 0.3, 0.5 and 0.2; over all steps the first would lead.
    assert classifier_order([long, short]).tolist() == [1, 0, 2]


def test_panels_show_the_weights_probabilities_and_time_of_a_clip(tmp_path, monkeypatch):
    """Two steps, three classifiers: what matplotlib is asked to draw."""
    weights = np.array([[0.0, 0.75, 0.25], [0.25, 0.5, 0.25]], dtype=np.float16)
    clip = ClipAttention(
        name="US",
        clip_id="US-301__40",
        waveform=np.array([0, 3, -1, 2], dtype=np.float16),
        weights=weights,
        probabilities=np.array([[0.5, 0.25, 0.25], [0, 0.25, 0.75]], dtype=np.float16),
        predicted=np.array([0.25, 0.25, 0.5], dtype=np.float32),
    )
    calls = {}
    for method in ("imshow", "stackplot", "fill_between"):
        original = getattr(Axes, method)

        def noted(self, *args, original=original, method=method, **keywords):
            calls.setdefault(method, (self, args, keywords))
            return original(self, *args, **keywords)

        monkeypatch.setattr(Axes, method, noted)
    figure = FIGURE.model_copy(update={"classes": ("US",)})
    draw(tmp_path, AttentionExamples("accent", FIGURE.classes, (clip,), STEP_S), figure)

    _, (image,), keywords = calls["imshow"]
    # Classifier 1 has the highest mean weight, then 2 and 0; rows are classifiers.
    np.testing.assert_array_equal(image, weights.T[[1, 2, 0]])
    assert keywords["extent"][:2] == (0, 2 * STEP_S)
    _, (time, low, high), _ = calls["fill_between"]
    np.testing.assert_allclose(time, [0, 0.0125, 0.025, 0.0375])
    assert low.tolist() == high.tolist() == [0, 3, -1, 2]
    axes, (time, stacked), keywords = calls["stackplot"]
    np.testing.assert_allclose(time, [0, 0.025, 0.05])
    # Each step's probabilities last until the next step.
    np.testing.assert_allclose(stacked, [[0.5, 0, 0], [0.25, 0.25, 0.25], [0.25, 0.75, 0.75]])
    assert keywords["step"] == "post"
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["US 0.50, true", "UK 0.25", "AU 0.25"]


def test_long_clips_keep_their_peaks_and_mean_probabilities(tmp_path, monkeypatch):
    clip = clip_attention("AU", 1000)
    drawn = {}
    for method in ("stackplot", "fill_between"):
        original = getattr(Axes, method)

        def noted(self, *args, original=original, method=method, **keywords):
            drawn.setdefault(method, args)
            return original(self, *args, **keywords)

        monkeypatch.setattr(Axes, method, noted)
    figure = FIGURE.model_copy(update={"classes": ("AU",)})
    draw(tmp_path, AttentionExamples("accent", FIGURE.classes, (clip,), STEP_S), figure)
    _, low, high = drawn["fill_between"]
    assert (low.min(), high.max()) == (clip.waveform.min(), clip.waveform.max())
    time, stacked = drawn["stackplot"]
    assert stacked.shape[1] < 400
    areas = (stacked[:, :-1] * np.diff(time)).sum(axis=1) / time[-1]
    np.testing.assert_allclose(areas, clip.probabilities.mean(axis=0, dtype=float), atol=1e-6)


def test_a_file_that_holds_other_classes_is_refused(tmp_path):
    shown = examples(80, 80, classes=("AU", "US"))
    with pytest.raises(
        DataError, match=r"examples\.npz: holds clips of AU, US; the figure shows AU, UK, US\. Rem"
    ):
        draw(tmp_path, shown)
