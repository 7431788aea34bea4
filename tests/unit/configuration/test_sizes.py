"""Sizes that a feature, a model or a split cannot have, found before a job starts."""

from copy import deepcopy
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from retable.configuration.faults import faults_of
from retable.errors import ConfigError
from retable.spec.corpus import Archive
from retable.spec.feature import Feature
from retable.spec.model import Model
from retable.spec.split import Shares
from retable.spec.table import Cell, Reading
from retable.spec.training import Training

TRANSFORM = {"sample_rate": 8000, "window": 64, "hop": 32}
WAVE = {
    "kind": "waveform", "sample_rate": 8000, "rate": 4000, "pick": "max", "seconds": 1,
    "normalise": "file",
}  # fmt: skip
VGG = {"kind": "torchvision", "architecture": "vgg11", "hidden": 4}
SHARES = {
    "kind": "shares", "shares": {"train": 0.625, "validation": 0.075, "test": 0.3},
    "stratify": "emotion", "seed": 1,
}  # fmt: skip
SIZED: list[tuple[Any, dict[str, Any], str]] = [
    (
        Feature,
        TRANSFORM | {
            "kind": "spectrogram", "window_function": "hann", "frames": 16, "time_fit": "pad",
            "scale": "log", "normalise": "clip", "rows": 8,
        },
        "sample_rate window hop frames rows",
    ),
    (
        Feature,
        TRANSFORM | {"kind": "logmel_statistics", "bands": 8},
        "sample_rate window hop bands",
    ),
    (
        Feature,
        TRANSFORM | {
            "kind": "logmel_patches", "bands": 8, "channels": ["mono"], "frames": 8,
            "hop_frames": 4, "patches": 2,
        },
        "sample_rate window hop bands frames hop_frames patches",
    ),
    (Feature, WAVE, "sample_rate rate"),
    (
        Feature,
        TRANSFORM | {
            "kind": "spectrogram_image", "window_function": "hann", "size": 16, "colours": "gray",
        },
        "sample_rate window hop size",
    ),
    (
        Model,
        {
            "kind": "gresnet", "block": "gated", "f1": "tanh", "f2": "tanh", "kernel1": 1,
            "kernel2": 3, "filters": [8, 8], "depth": 2, "pooling": "average", "hidden": 16,
            "stem": {"filters": 8, "kernel": 3, "stride": 2, "pool": 0},
        },
        "kernel1 kernel2 filters.1 depth hidden stem.filters stem.kernel stem.stride",
    ),
    (
        Model,
        {
            "kind": "branched_vgg", "form": "branched", "widths": [4, 4, 4], "head": 4,
            "dropout": 0.1, "batch_norm": True, "fused_units": 4,
        },
        "widths.0 widths.1 widths.2 head fused_units",
    ),
    (
        Model,
        {
            "kind": "classifier_attention", "classifiers": 2, "classifier_units": [3],
            "layers": [{"filters": 4, "kernel": 4, "pool": 4, "stride": 2}], "clips_at_once": 2,
            "attention_units": [3], "pooling": "mean",
        },
        "classifiers classifier_units.0 attention_units.0 clips_at_once layers.0.filters "
        "layers.0.kernel layers.0.pool layers.0.stride",
    ),
    (
        Model,
        {"kind": "band_attention", "bands": 2, "filters": [4], "hidden": 4},
        "bands filters.0 hidden",
    ),
    (Model, VGG, "hidden"),
    (
        Training,
        {
            "epochs": 3, "batch_size": 8, "optimizer": "adam", "learning_rate": 0.001,
            "decay_every": 2,
        },
        "decay_every",
    ),
    (
        Archive,
        {"name": "a.zip", "urls": [], "bytes": 9, "md5": "0" * 32, "unpack_to": "a"},
        "bytes",
    ),
]  # fmt: skip


def faults(kind: Any, content: dict[str, Any]) -> list[str]:
    """What is said of content that is no such spec."""
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(kind).validate_python(content)
    return faults_of(raised.value, kind)


def changed(content: dict[str, Any], path: str, value: int) -> dict[str, Any]:
    """The content with another value where a dotted path leads."""
    copy: Any = deepcopy(content)
    *parents, last = (int(step) if step.isdigit() else step for step in path.split("."))
    holder = copy
    for step in parents:
        holder = holder[step]
    holder[last] = value
    return copy


@pytest.mark.parametrize("size", [0, -1])
@pytest.mark.parametrize(
    ("kind", "content", "path"),
    [
        pytest.param(kind, content, path, id=f"{content.get('kind', kind.__name__)} {path}")
        for kind, content, paths in SIZED
        for path in paths.split()
    ],
)
def test_a_size_is_one_at_least(kind, content, path, size):
    TypeAdapter(kind).validate_python(content)
    expected = f"{path}: {size}: input should be greater than or equal to 1"
    assert faults(kind, changed(content, path, size)) == [expected]


@pytest.mark.parametrize("size", [0, -1])
def test_a_corpus_has_a_sample_rate(edit, read, size):
    edit("corpora/ravdess.yaml", sample_rate=size)
    expected = rf"corpora\.ravdess\.sample_rate: {size}: input should be greater than or equal to 1"
    with pytest.raises(ConfigError, match=expected):
        read()


@pytest.mark.parametrize(
    ("kind", "content", "path"),
    [
        (Cell, {}, "fold"),
        (Cell, {}, "decimals"),
        (Reading, {"source": "feature", "experiment": "NET", "key": "window"}, "input"),
        (Model, SIZED[5][1], "stem.pool"),
    ],
)
def test_what_may_be_none_or_the_first_is_not_negative(kind, content, path):
    TypeAdapter(kind).validate_python(changed(content, path, 0))
    expected = f"{path}: -1: input should be greater than or equal to 0"
    assert faults(kind, changed(content, path, -1)) == [expected]


def test_a_list_without_entries_is_too_short():
    """But none whose entries are faulty, of which each is named."""
    (found,) = faults(Model, {"kind": "band_attention", "bands": 2, "filters": [], "hidden": 4})
    assert found == "filters: []: tuple should have at least 1 item after validation, not 0"


@pytest.mark.parametrize(
    ("kind", "content", "fault"),
    [
        (
            Feature,
            WAVE | {"rate": 3000},
            "rate is 3000, but 8000 Hz cannot be cut into so many intervals of equal length a "
            "second; choose a divisor of sample_rate",
        ),
        (Feature, WAVE | {"rate": 16000}, "rate is 16000, but 8000 Hz cannot be cut into so many"),
        (
            Feature,
            WAVE | {"seconds": 1.0001},
            "seconds is 1.0001, which is 4000.4 intervals at the rate 4000; choose a time of whole "
            "intervals",
        ),
        (Feature, WAVE | {"seconds": 1e-5}, "seconds is 1e-05, which is 0.04 intervals"),
        (
            Feature,
            WAVE | {"rate": 3000, "seconds": 1.0001},
            "choose a divisor of sample_rate; seconds is 1.0001, which is 3000.3 intervals",
        ),
        (
            Model,
            VGG | {"architecture": "resnet18"},
            "hidden is 4, and resnet18 has no such layers; leave it out",
        ),
        (
            Shares,
            SHARES | {"group": "group"},
            "shares {'train': 0.625, 'validation': 0.075, 'test': 0.3} are of groups, which are "
            "dealt out in equal folds, 100 at most; write each as a multiple of 0.01",
        ),
    ],
)
def test_sizes_that_do_not_fit_each_other_are_refused(kind, content, fault):
    (found,) = faults(kind, content)
    assert fault in found


def test_only_groups_are_dealt_out_in_hundredths():
    assert Shares.model_validate(SHARES).group is None


def test_the_paper_of_a_feature_is_named_with_what_does_not_fit(edit, read):
    edit("papers/waves/paper.yaml", features={"wave": WAVE | {"rate": 3000}})
    edit("papers/waves/paper.yaml", experiments={"NET": {"feature": "wave"}})
    with pytest.raises(ConfigError, match=r"papers\.waves\.features\.wave: .*rate is 3000, but"):
        read()
