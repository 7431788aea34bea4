"""Published weights that experiments start from, as `config.yaml` and the scale resolve them."""

import shutil

import pytest
import yaml

from repository import WORKFLOW
from retable.errors import ConfigError

WEIGHTS = WORKFLOW / "weights"
RESNET = {"kind": "torchvision", "architecture": "resnet18", "weights": "imagenet"}
FILE = "resnet18-f37072fd"


@pytest.fixture
def with_weights(workflow, edit):
    """Lets the paper's network start from ImageNet weights; keywords change the network."""
    shutil.copytree(WEIGHTS, workflow / "weights")

    def edit_network(**model):
        edit("papers/waves/paper.yaml", models={"resnet": RESNET | model})
        edit("papers/waves/paper.yaml", experiments={"NET": {"model": "resnet"}})

    return edit_network


def test_the_scale_decides_unless_the_configuration_does(with_weights, edit, read, tmp_path):
    with_weights()
    # Neither says anything: upstream.
    assert read().weights["imagenet"].kind == "upstream"
    edit("scales/small.yaml", weights="none")
    assert read().weights["imagenet"].kind == "none"
    assert read(weights={"imagenet": {"source": None}}).weights["imagenet"].kind == "none"
    (tmp_path / f"{FILE}.pth").touch()
    chosen = read(weights={"imagenet": {"source": str(tmp_path)}}).weights["imagenet"]
    assert (chosen.kind, chosen.location) == ("directory", str(tmp_path))


def test_only_what_a_selected_experiment_needs_is_looked_for(with_weights, read, edit, tmp_path):
    """The directory has one architecture of six."""
    with_weights()
    (tmp_path / f"{FILE}.safetensors").touch()
    config = {"weights": {"imagenet": {"source": str(tmp_path)}}}
    assert read(**config).weights["imagenet"].needed == ("resnet18",)
    # The network of a variant that is left out needs none.
    edit("papers/waves/paper.yaml", models={"vgg": RESNET | {"architecture": "vgg11"}})
    clean = {"variants": {"paper": {}, "clean": {"model": "vgg"}}}
    edit("papers/waves/paper.yaml", experiments={"NET": clean})
    assert read(variants=["paper"], **config).weights["imagenet"].needed == ("resnet18",)


def test_weights_that_no_experiment_starts_from_are_not_looked_for(with_weights, read):
    assert read(weights={"imagenet": {"source": "/no/such/directory"}}).weights == {}


def test_experiments_whose_corpus_is_missing_need_none(with_weights, read):
    with_weights()
    by_request = {"overrides": {"corpora": {"ravdess": {"request": "its authors"}}}}
    project = read(scale="large", keep_going_without_data=True, **by_request)
    assert [*project.missing] == ["ravdess"]
    assert project.weights == {}


@pytest.mark.parametrize(
    "model", [{"weights": "none"}, {"architecture": "vgg11", "hidden": 64}], ids=["none", "smaller"]
)
def test_a_network_from_scratch_needs_none(with_weights, read, model):
    with_weights(**model)
    assert read(weights={"imagenet": {"source": "/no/such/directory"}}).weights == {}


def test_what_a_directory_lacks_is_a_fault_of_planning(with_weights, faults, tmp_path):
    with_weights()
    folder = tmp_path / "weights"
    folder.mkdir()
    assert faults(weights={"imagenet": {"source": str(folder)}}) == [
        f"weights.imagenet.source: {folder} holds no {FILE}.pth or {FILE}.safetensors: it holds "
        f"nothing. Fetch https://download.pytorch.org/models/{FILE}.pth into it, or set "
        "weights.imagenet.source to 'upstream' to download what is needed, or to 'none' to train "
        "from scratch."
    ]


@pytest.mark.parametrize(
    ("config", "fault"),
    [
        ({"imagnet": {}}, "weights: 'imagnet' does not exist; did you mean 'imagenet'?"),
        (
            {"imagenet": {"sorce": "none"}},
            "weights.imagenet.sorce: unknown key; did you mean 'source'?",
        ),
        (
            {"imagenet": "none"},
            "weights.imagenet: 'none': expected keys and values; known keys: source",
        ),
    ],
)
def test_a_fault_of_the_configuration_names_what_is_near(with_weights, faults, config, fault):
    with_weights()
    assert faults(weights=config) == [fault]


def test_a_misspelt_source_is_told_with_a_faulty_paper(with_weights, faults, edit):
    """The paper, which cannot be read, may start from the weights."""
    with_weights(sizes=3)
    paper, weights = faults(weights={"imagenet": {"source": "upsteam"}})
    assert paper.startswith("papers.waves.models.resnet.sizes: unknown key")
    assert weights.startswith(
        "weights.imagenet.source: 'upsteam' is no source of weights imagenet: did you mean"
    )


def test_a_network_cannot_start_from_weights_and_from_another_experiment(
    with_weights, faults, edit, read
):
    with_weights()
    second = {"extends": "NET", "warm_start": {"experiment": "NET"}}
    edit("papers/waves/paper.yaml", experiments={"TUNED": second})
    assert faults() == [
        "papers.waves.experiments.TUNED.warm_start: the network starts from NET, and by its model "
        "from the weights imagenet; give it a model with weights: none, or leave out the warm start"
    ]
    edit("papers/waves/paper.yaml", models={"fresh": {"extends": "resnet", "weights": "none"}})
    edit("papers/waves/paper.yaml", experiments={"TUNED": {"model": "fresh"}})
    assert read().weights["imagenet"].needed == ("resnet18",)


def test_an_architecture_that_nobody_publishes_is_named(with_weights, workflow, faults, read):
    with_weights(architecture="vgg11")
    path = workflow / "weights" / "imagenet.yaml"
    spec = yaml.safe_load(path.read_text())
    del spec["files"]["vgg11"]
    path.write_text(yaml.safe_dump(spec))
    assert faults() == [
        "papers.waves.experiments.NET.model: there are no weights imagenet of vgg11; known: "
        "alexnet, densenet121, densenet161, resnet18, squeezenet1_0"
    ]
    assert read(weights={"imagenet": {"source": "none"}}).weights["imagenet"].kind == "none"


def test_a_faulty_file_of_weights_is_named(with_weights, edit, read, faults):
    with_weights()
    edit("weights/imagenet.yaml", weights="image", files={"vgg11": {"bytes": 0}})
    (fault,) = faults()
    assert fault.startswith("weights.imagenet.files.vgg11.bytes: 0: ")
    edit("weights/imagenet.yaml", files={"vgg11": {"bytes": 1}})
    assert faults() == ["weights.imagenet.weights: 'image' is not the name of its file"]


def test_the_message_names_the_file_of_the_weights(with_weights, edit, read):
    with_weights()
    edit("weights/imagenet.yaml", weights="image")
    message = r"config\.yaml, .*workflow/weights/imagenet\.yaml: 1 fault"
    with pytest.raises(ConfigError, match=message):
        read()
