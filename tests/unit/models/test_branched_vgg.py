import json

import pytest
import torch
from torch import nn

from retable.errors import ConfigError
from retable.models.branched_vgg import BranchedVGGNetwork
from retable.models.describe import layer_table, parameter_count
from retable.registry import MODELS, load
from retable.spec.model import BranchedVGG

SCENE = {"scene": 15}
EVENT = {"event": 50}
BOTH = SCENE | EVENT
ALPHA = {"scene": 0.7, "event": 0.6}
PATCH = (1, 128, 128)
PAPER = BranchedVGG(
    kind="branched_vgg",
    form="branched",
    widths=(32, 64, 128),
    head=512,
    dropout=0.5,
    batch_norm=True,
)
"""Fig. 1 with SCENE or EVENT, Fig. 2 with BOTH; widths as in the CP-JKU nets."""


def variant(**fields: object) -> BranchedVGG:
    return BranchedVGG.model_validate({**PAPER.model_dump(), **fields})


CONNECTED = variant(alpha=ALPHA)
FUSED = variant(form="fused", branches=BOTH, alpha=ALPHA)
FORMS = {
    "baseline for scenes": (PAPER, SCENE),
    "baseline for events": (PAPER, EVENT),
    "two branches": (PAPER, BOTH),
    "inter-connected": (CONNECTED, BOTH),
    "fused for scenes": (FUSED, SCENE),
    "fused for events": (FUSED, EVENT),
    "fused, averaged": (variant(**FUSED.model_dump() | {"fuse_input": "gap"}), SCENE),
}
every_form = pytest.mark.parametrize(("spec", "sizes"), FORMS.values(), ids=FORMS)


def build(
    spec: BranchedVGG, sizes: dict[str, int], shape: tuple[int, ...] = PATCH
) -> BranchedVGGNetwork:
    torch.manual_seed(0)
    return BranchedVGGNetwork(spec, shape, sizes)


def patches(batch: int, bands: int = 128, frames: int = 128) -> torch.Tensor:
    return torch.randn(batch, 1, bands, frames, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("batch_norm", [True, False])
@every_form
def test_one_training_step_at_paper_size_changes_every_parameter(spec, sizes, batch_norm):
    model = build(spec.model_copy(update={"batch_norm": batch_norm}), sizes)
    model.to(memory_format=torch.channels_last)
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    optimizer = torch.optim.Adam(model.parameters(), lr=0.0001)

    logits = model(patches(2))
    target = torch.tensor([3, 11])
    sum(nn.functional.cross_entropy(value, target) for value in logits.values()).backward()
    optimizer.step()

    shapes = {task: tuple(value.shape) for task, value in logits.items()}
    assert shapes == {task: (2, classes) for task, classes in sizes.items()}
    unchanged = [
        name for name, value in model.named_parameters() if torch.equal(value, before[name])
    ]
    assert unchanged == []


SHARED_SIZES = {
    "convolution1.activation": [32, 64, 64],
    "convolution2.activation": [32, 64, 64],
    "pooling3": [32, 32, 32],
    "convolution4.activation": [64, 32, 32],
    "convolution5.activation": [64, 32, 32],
    "pooling6": [64, 16, 16],
    "convolution7.activation": [128, 16, 16],
    "convolution8.activation": [128, 16, 16],
    "convolution9.activation": [128, 16, 16],
    "pooling10": [128, 8, 8],
}


def branch_sizes(classes: int) -> dict[str, list[int]]:
    return {
        "convolution11.activation": [512, 6, 6],
        "dropout12": [512, 6, 6],
        "convolution13.activation": [512, 6, 6],
        "dropout14": [512, 6, 6],
        "interconnection": [512, 6, 6],
        "convolution15.activation": [classes, 6, 6],
        "average16.flatten": [classes],
    }


def sizes_of_layers(spec: BranchedVGG, sizes: dict[str, int]) -> dict[str, list[int]]:
    return {row["layer"]: row["output_shape"] for row in layer_table(build(spec, sizes), PATCH)}


def test_sizes_along_the_layers_of_figure_3():
    found = sizes_of_layers(CONNECTED, BOTH)
    expected = {f"shared.{layer}": size for layer, size in SHARED_SIZES.items()}
    for task, classes in BOTH.items():
        expected |= {f"branches.{task}.{k}": size for k, size in branch_sizes(classes).items()}
    assert {layer: found[layer] for layer in expected} == expected


@pytest.mark.parametrize(
    ("fuse_input", "values"), [("flatten", {"scene": 540, "event": 1800}), ("gap", BOTH)]
)
def test_sizes_along_the_layers_of_figure_4(fuse_input, values):
    found = sizes_of_layers(variant(**FUSED.model_dump() | {"fuse_input": fuse_input}), SCENE)
    assert found["branches.scene.convolution15.activation"] == [15, 6, 6]
    assert found["branches.event.convolution15.activation"] == [50, 6, 6]
    assert not [layer for layer in found if "16" in layer]
    for task, inputs in values.items():
        last = "fused." + task + (".input" if fuse_input == "flatten" else ".input.flatten")
        assert found[last] == [inputs]
        assert found[f"fused.{task}.activation"] == [1024]
    assert found["output"] == [15]


def normalised(inputs: int, outputs: int, kernel: int) -> int:
    """Weights of a convolution, and scale and shift of its normalisation."""
    return inputs * outputs * kernel**2 + 2 * outputs


SHARED = (
    normalised(1, 32, 5) + normalised(32, 32, 3)
    + normalised(32, 64, 3) + normalised(64, 64, 3)
    + normalised(64, 128, 3) + 2 * normalised(128, 128, 3)
)  # fmt: skip
HEAD = normalised(128, 512, 3) + normalised(512, 512, 1)
SCENE_MAPS = 512 * 15 + 15
EVENT_MAPS = 512 * 50 + 50
FULLY_CONNECTED = (6 * 6 * 15 + 1) * 1024 + (6 * 6 * 50 + 1) * 1024
AVERAGED = (15 + 1) * 1024 + (50 + 1) * 1024
BRANCHES = SHARED + 2 * HEAD + SCENE_MAPS + EVENT_MAPS
COUNTS = {
    "baseline for scenes": SHARED + HEAD + SCENE_MAPS,
    "baseline for events": SHARED + HEAD + EVENT_MAPS,
    "two branches": BRANCHES,
    "inter-connected": BRANCHES,
    "fused for scenes": BRANCHES + FULLY_CONNECTED + 1024 * 15 + 15,
    "fused for events": BRANCHES + FULLY_CONNECTED + 1024 * 50 + 50,
    "fused, averaged": BRANCHES + AVERAGED + 1024 * 15 + 15,
}


@pytest.mark.parametrize("form", FORMS)
def test_parameter_count_equals_a_sum_by_hand(form):
    assert parameter_count(build(*FORMS[form])) == COUNTS[form]


def test_without_normalisation_a_convolution_has_a_bias_of_its_own():
    plain = build(variant(batch_norm=False), SCENE)
    assert not [module for module in plain.modules() if isinstance(module, nn.BatchNorm2d)]
    shifts = 2 * 32 + 2 * 64 + 3 * 128 + 2 * 512
    assert parameter_count(plain) == SHARED + HEAD + SCENE_MAPS - shifts
    assert plain.structure()["batch_norm"] is False


def test_layer_15_is_never_normalised():
    names = [name for name, _ in build(PAPER, BOTH).named_parameters() if "convolution15" in name]
    assert [name.removeprefix("branches.") for name in names] == [
        "scene.convolution15.convolution.weight",
        "scene.convolution15.convolution.bias",
        "event.convolution15.convolution.weight",
        "event.convolution15.convolution.bias",
    ]


def test_structure_is_what_section_2_prints():
    """P of Fig. 1, seven convolutions and three poolings, 128 x 128 x 1, alpha of section III.B."""
    facts = {
        "form": "branched",
        "input": [128, 128, 1],
        "tasks": 2,
        "classes": {"scene": 15, "event": 50},
        "branches": {"scene": 15, "event": 50},
        "alpha": {"scene": 0.7, "event": 0.6},
        "convolutions": 7,
        "pools": 3,
        "widths": [32, 64, 128],
        "head": 512,
        "dropout": 0.5,
        "batch_norm": True,
    }
    assert build(CONNECTED, BOTH).structure() == facts
    assert build(PAPER, BOTH).structure() == facts | {"alpha": {}}
    baseline = {"tasks": 1, "classes": SCENE, "branches": SCENE, "alpha": {}}
    assert build(PAPER, SCENE).structure() == facts | baseline
    fused = {"form": "fused", "tasks": 1, "fuse_input": "flatten", "fused_units": 1024}
    assert build(FUSED, EVENT).structure() == facts | fused | {"classes": EVENT}
    assert json.loads(json.dumps(facts)) == facts


def test_fusion_restores_all_of_the_multi_task_model_but_what_it_adds():
    """Section II.D: what the fusion does not add comes from the multi-task model."""
    multitask, fused = build(CONNECTED, BOTH).state_dict(), build(FUSED, SCENE)
    loaded = fused.load_state_dict(multitask, strict=False)
    assert loaded.unexpected_keys == []
    added = [key for key in fused.state_dict() if key.startswith(("fused.", "output."))]
    assert sorted(loaded.missing_keys) == sorted(added)
    assert len(added) == 2 * 2 + 2


def test_the_fused_forms_of_the_tasks_differ_in_their_output_layer_only():
    """Section III.E: Fig. 4 trained for events, then for scenes."""
    event, scene = build(FUSED, EVENT).state_dict(), build(FUSED, SCENE).state_dict()
    differing = {key for key in event if event[key].shape != scene[key].shape}
    assert event.keys() == scene.keys()
    assert differing == {"output.weight", "output.bias"}


def test_the_registry_holds_the_network():
    assert load(MODELS, "branched_vgg") is BranchedVGGNetwork


@pytest.mark.parametrize("shape", [(47, 47), (47, 128), (63, 431)])
def test_patches_of_other_sizes(shape):
    for spec, sizes in FORMS.values():
        logits = build(spec, sizes, (1, *shape))(patches(2, *shape))
        assert {task: value.shape[1] for task, value in logits.items()} == sizes


@pytest.mark.parametrize("shape", [(46, 128), (128, 46), (40, 40)])
def test_a_patch_that_is_too_small_is_refused(shape):
    expected = (
        f"{shape[0]} bands and {shape[1]} frames, which leaves nothing for layer 11; "
        "give the feature at least 47 bands and 47 frames"
    )
    with pytest.raises(ConfigError, match=expected):
        build(PAPER, SCENE, (1, *shape))


@pytest.mark.parametrize(
    ("alpha", "sizes"),
    [
        ({"scene": 0.7}, BOTH),
        ({"scene": 0.7, "events": 0.6}, BOTH),
        ({"scene": 0.7}, SCENE),
        ({"scene": 0.7, "event": 0.6, "other": 0.5}, BOTH | {"other": 2}),
    ],
    ids=["one of two", "another name", "one branch", "three branches"],
)
def test_alpha_names_the_two_branches(alpha, sizes):
    with pytest.raises(ConfigError, match="expected the same two tasks"):
        build(variant(alpha=alpha), sizes)


def test_alpha_of_the_fused_form_names_its_branches():
    fields = {"form": "fused", "branches": BOTH, "alpha": {"scene": 0.7, "other": 0.6}}
    message = "alpha names other, scene, the branches are event, scene"
    with pytest.raises(ConfigError, match=message):
        build(variant(**fields), SCENE)


def test_the_fused_form_is_for_one_task():
    with pytest.raises(ConfigError, match="the tasks event, scene; expected one task"):
        build(FUSED, BOTH)


def test_channels_of_an_image_are_those_of_layer_1():
    network = build(PAPER, SCENE, (3, 128, 128))
    assert parameter_count(network) - COUNTS["baseline for scenes"] == 5 * 5 * 2 * 32
    assert network.structure()["input"] == [128, 128, 3]


def test_a_waveform_is_refused():
    with pytest.raises(ConfigError, match="give it a feature that is an image"):
        build(PAPER, SCENE, (1, 20000))


def test_all_faults_are_told_at_once():
    with pytest.raises(ConfigError, match="3 faults"):
        build(variant(**FUSED.model_dump() | {"alpha": {"scene": 0.7}}), BOTH, (1, 20, 20))
