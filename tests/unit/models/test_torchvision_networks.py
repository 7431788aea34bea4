import pytest
import torch
from torch import nn
from torchvision import models
from torchvision_samples import (
    BOTH,
    EMOTION,
    FEW,
    PAPER_SIZE,
    SMALL_SIZE,
    build,
    images,
    small,
    without_memory,
)

from retable.errors import ConfigError
from retable.models.torchvision_networks import TorchvisionNetwork
from retable.registry import MODELS, load

every_architecture = pytest.mark.parametrize("architecture", PAPER_SIZE)


def trained_one_step(model: nn.Module, shape: tuple[int, ...], task: str, classes: int) -> None:
    """One step on two images, after which every parameter must have a gradient."""
    logits = model(images(2, *shape))
    nn.functional.cross_entropy(logits[task], torch.tensor([0, classes - 1])).backward()
    assert logits[task].shape == (2, classes)
    assert logits[task].isfinite().all()
    without = [name for name, value in model.named_parameters() if not value.grad.any()]
    assert without == []


@pytest.mark.parametrize("architecture", ["alexnet", "vgg11", "resnet18"])
def test_one_training_step_at_the_size_of_cabcnn_reaches_every_parameter(architecture):
    model = build(architecture).to(memory_format=torch.channels_last)
    trained_one_step(model, PAPER_SIZE[architecture], "accent", 3)


@pytest.mark.parametrize("architecture", ["alexnet", "squeezenet1_0", "densenet121", "densenet161"])
def test_one_training_step_at_the_size_of_densenet_ser_reaches_every_parameter(architecture):
    size = (3, 128, 256)
    model = build(architecture, EMOTION, size).to(memory_format=torch.channels_last)
    trained_one_step(model, size, "emotion", 8)


@pytest.mark.parametrize("architecture", ["alexnet", "squeezenet1_0", "densenet121", "densenet161"])
def test_logits_are_those_of_torchvisions_own_network_with_the_same_weights(architecture):
    size = (3, 128, 256)
    ours = build(architecture, EMOTION, size).eval()
    with torch.device("meta"):
        theirs = models.get_model(architecture, num_classes=8)
    theirs.load_state_dict(ours.network.state_dict(), assign=True)
    x = images(2, *size)
    with torch.no_grad():
        torch.testing.assert_close(ours(x)["emotion"], theirs.eval()(x), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("architecture", ["alexnet", "vgg11"])
def test_the_grid_of_averages_has_the_cells_of_torchvisions_pooling(architecture):
    model = build(architecture, hidden=16).eval()
    x = images(2, *PAPER_SIZE[architecture])
    with torch.no_grad():
        found = model(x)["accent"]
        model.network.avgpool = nn.AdaptiveAvgPool2d(6 if architecture == "alexnet" else 7)
        torch.testing.assert_close(found, model(x)["accent"], rtol=1e-4, atol=1e-6)


def gradients_of(output: torch.Tensor) -> set[str]:
    """Names of the functions that the gradient of an output runs through."""
    names, waiting, seen = set[str](), [output.grad_fn], set[object]()
    while waiting:
        function = waiting.pop()
        if function is None or function in seen:
            continue
        seen.add(function)
        names.add(function.name().rstrip("01"))
        waiting.extend(before for before, _ in function.next_functions)
    return names


@every_architecture
def test_no_gradient_runs_through_a_pooling_that_has_none_that_is_deterministic(architecture):
    """`AdaptiveAvgPool2d` to one cell is a mean in torch, to more cells a pooling of its own."""
    model = small(architecture)
    x = images(2, *SMALL_SIZE[architecture])
    assert "AdaptiveAvgPool2DBackward" not in gradients_of(model(x)["accent"])
    if architecture in ("alexnet", "vgg11"):
        model.network.avgpool = nn.AdaptiveAvgPool2d(6 if architecture == "alexnet" else 7)
        assert "AdaptiveAvgPool2DBackward" in gradients_of(model(x)["accent"])
    else:
        assert "MeanBackward" in gradients_of(model(x)["accent"])


@every_architecture
def test_one_layer_gives_the_logits_of_all_tasks(architecture):
    model = small(architecture).eval()
    x = images(2, *SMALL_SIZE[architecture])
    with torch.no_grad():
        logits, all_at_once = model(x), model.network(x)
    assert [*logits] == ["accent", "speaker"]
    assert torch.equal(logits["accent"], all_at_once[:, :3])
    assert torch.equal(logits["speaker"], all_at_once[:, 3:])


def test_no_logit_of_squeezenet_is_negative():
    """They are averages of what a ReLU leaves."""
    model = build("squeezenet1_0", EMOTION, (3, 64, 64)).eval()
    with torch.no_grad():
        logits = model(images(4, 3, 64, 64))["emotion"]
    assert (logits >= 0).all()
    assert logits.std() > 0


@every_architecture
def test_the_smallest_images_can_be_trained_on(architecture):
    model = small(architecture)
    logits = model(images(2, *SMALL_SIZE[architecture]))
    sum(value.square().sum() for value in logits.values()).backward()
    assert all(value.grad is not None for value in model.parameters())


@pytest.mark.parametrize(
    ("architecture", "least"),
    [
        ("alexnet", 63),
        ("vgg11", 32),
        ("squeezenet1_0", 21),
        ("densenet121", 29),
        ("densenet161", 29),
    ],
)
def test_smaller_images_are_refused(architecture, least):
    expected = (
        f"have {least} rows and {least - 1} frames; {architecture} needs at least {least} rows "
        f"and {least} frames"
    )
    with pytest.raises(ConfigError, match=expected):
        build(architecture, shape=(3, least, least - 1))


def test_smaller_images_are_refused_by_a_small_densenet_too():
    with pytest.raises(ConfigError, match="28 rows and 29 frames; densenet121 needs at least 29"):
        build("densenet121", shape=(3, 28, 29), dense=FEW)


@every_architecture
def test_images_of_one_channel_are_refused(architecture):
    expected = f"{architecture} sees images with 3 channels, and the feature's have 1; .*rgb"
    with pytest.raises(ConfigError, match=expected):
        build(architecture, shape=(1, 256, 256))


def test_a_waveform_is_refused():
    with pytest.raises(ConfigError, match="expected channels, rows and frames"):
        build("resnet18", shape=(1, 20000))


def test_structure():
    assert without_memory("alexnet").structure() == {
        "architecture": "alexnet",
        "filters": [64, 192, 384, 256, 256],
        "tasks": 1,
    }
    assert build("vgg11", BOTH, hidden=32).structure() == {
        "architecture": "vgg11",
        "filters": [64, 128, 256, 256, 512, 512, 512, 512],
        "tasks": 2,
    }
    assert len(without_memory("resnet18").structure()["filters"]) == 17 + 3


def test_structure_of_squeezenet_ends_with_the_layer_of_the_classes():
    structure = without_memory("squeezenet1_0", EMOTION).structure()
    assert structure["architecture"] == "squeezenet1_0"
    fires = 8 * 3
    assert len(structure["filters"]) == 1 + fires + 1
    assert structure["filters"][:4] == [96, 16, 64, 64]
    assert structure["filters"][-1] == 8


def test_structure_of_densenet161_has_its_160_convolutions():
    """One in the stem, two a layer, one a transition; the 161st layer is linear."""
    structure = without_memory("densenet161", EMOTION).structure()
    assert len(structure["filters"]) == 1 + 2 * (6 + 12 + 36 + 24) + 3
    assert structure["filters"][:3] == [96, 4 * 48, 48]


def test_the_registry_holds_the_networks():
    assert load(MODELS, "torchvision") is TorchvisionNetwork
