"""`config.yaml` and the files that it selects, read as one."""

from pathlib import Path

import pytest
import yaml

from repository import REPOSITORY, WORKFLOW
from retable.configuration.project import read_project
from retable.errors import ConfigError
from retable.spec.compute import Compute
from retable.spec.config import Config, Overrides
from retable.spec.corpus import Source
from retable.spec.weights import WeightsSource


@pytest.fixture(scope="module")
def repository_config():
    return yaml.safe_load((REPOSITORY / "config.yaml").read_text(encoding="utf-8"))


def test_the_configuration_of_the_repository_is_valid(repository_config):
    project = read_project(repository_config, WORKFLOW)
    assert project.scale.scale == repository_config["scale"]
    assert [*project.papers] == repository_config["papers"]
    assert project.sources["ravdess"].kind == "simulated"


def test_the_configuration_of_the_repository_is_short_and_names_every_key(repository_config):
    lines = (REPOSITORY / "config.yaml").read_text(encoding="utf-8").splitlines()
    assert len(lines) < 150
    sections = {
        "the file": (Config, repository_config),
        "compute": (Compute, repository_config["compute"]),
        "overrides": (Overrides, repository_config["overrides"]),
        **{name: (Source, source) for name, source in repository_config["corpora"].items()},
        **{name: (WeightsSource, source) for name, source in repository_config["weights"].items()},
    }
    missing = {
        f"{section}: {key}"
        for section, (model, content) in sections.items()
        for key in model.model_fields.keys() - content.keys()
    }
    assert missing == set()
    for kind in ("corpora", "weights"):
        names = {path.stem for path in (WORKFLOW / kind).glob("*.yaml")}
        assert repository_config[kind].keys() == names


def test_the_configuration_of_the_repository_states_the_defaults(repository_config):
    optional = {key for key, field in Config.model_fields.items() if not field.is_required()}
    written = Config.model_validate(repository_config)
    optional -= {"corpora", "weights"}
    assert written.model_dump(include=optional) == Config(
        scale="demo", papers=("gresnets", "mixup_mtl")
    ).model_dump(include=optional)
    assert set(written.corpora.values()) == {Source()}
    assert set(written.weights.values()) == {WeightsSource()}


@pytest.mark.parametrize("scale", ["demo", "quick", "paper"])
def test_every_scale_of_the_repository_is_valid_with_every_paper(repository_config, scale):
    papers = sorted(path.name for path in (WORKFLOW / "papers").iterdir())
    config = {**repository_config, "scale": scale, "papers": papers}
    project = read_project({**config, "keep_going_without_data": True}, WORKFLOW)
    expected = "simulated" if scale == "demo" else "upstream"
    assert {source.kind for source in project.sources.values()} == {expected}
    assert set(project.missing) == (set() if scale == "demo" else {"savee", "utpodcast"})


@pytest.mark.parametrize(
    ("scale", "kind"), [("demo", "none"), ("quick", "upstream"), ("paper", "upstream")]
)
def test_every_scale_of_the_repository_says_where_weights_come_from(scale, kind):
    path = WORKFLOW / "scales" / f"{scale}.yaml"
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["weights"] == kind


def test_only_corpora_of_the_selected_papers_are_resolved(read, edit, workflow):
    """Another corpus may have a source that does not exist here."""
    corpora = workflow / "corpora"
    (corpora / "cats.yaml").write_text((corpora / "ravdess.yaml").read_text())
    edit("corpora/cats.yaml", corpus="cats")
    project = read(corpora={"cats": {"source": "/no/such/directory"}})
    assert [*project.sources] == ["ravdess"]


def test_the_scale_decides_where_a_corpus_comes_from_unless_the_configuration_does(read):
    assert read().sources["ravdess"].kind == "simulated"
    assert read(scale="large").sources["ravdess"].kind == "upstream"
    forced = read(scale="large", corpora={"ravdess": {"source": "simulated"}})
    assert forced.sources["ravdess"].kind == "simulated"


def test_overrides_reach_corpora(read, edit):
    edit("scales/small.yaml", overrides={"corpora": {"ravdess": {"shards": 2}}})
    assert read().corpora["ravdess"].shards == 2
    own = {"corpora": {"ravdess": {"shards": 3, "simulation": {"seed": 9}}}}
    corpus = read(overrides=own).corpora["ravdess"]
    assert (corpus.shards, corpus.simulation.seed) == (3, 9)
    assert corpus.sample_rate == 48000


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"variant": ["paper"]}, "variant: unknown key; did you mean 'variants'?"),
        (
            {"compute": {"checkpoint_minute": 2}},
            "compute.checkpoint_minute: unknown key; did you mean 'checkpoint_minutes'?",
        ),
        (
            {"corpora": {"ravdess": {"sources": "upstream"}}},
            "corpora.ravdess.sources: unknown key; did you mean 'source'?",
        ),
        (
            {"compute": {"checkpoint_minutes": "often"}},
            "compute.checkpoint_minutes: 'often': input should be a valid number, "
            "unable to parse string as a number",
        ),
        ({"papers": "waves"}, "papers: 'waves': expected a list, as in [a, b]"),
        (
            {"corpora": {"ravdess": "upstream"}},
            "corpora.ravdess: 'upstream': expected keys and values; known keys: partial, source",
        ),
        (
            {"compute": {"device": "gpu"}},
            "compute.device: 'gpu' is not allowed; allowed: 'auto', 'cpu' or 'cuda'",
        ),
        ({"variants": ["clean"]}, "variants: 'paper' is missing: tables and figures show it; "
         "drop only 'clean'"),
        ({"scale": "smal"}, "scale: 'smal' does not exist; did you mean 'small'?"),
        ({"papers": ["wave"]}, "papers: 'wave' does not exist; did you mean 'waves'?"),
        (
            {"corpora": {"ravdes": {"source": "upstream"}}},
            "corpora: 'ravdes' does not exist; did you mean 'ravdess'?",
        ),
        (
            {"overrides": {"papers": {"wave": {}}}},
            "overrides.papers: 'wave' does not exist; did you mean 'waves'?",
        ),
        (
            {"overrides": {"corpora": {"ravdes": {}}}},
            "overrides.corpora: 'ravdes' does not exist; did you mean 'ravdess'?",
        ),
        (
            {"overrides": {"corpora": {"ravdess": {"shard": 2}}}},
            "corpora.ravdess.shard: unknown key; did you mean 'shards'?",
        ),
        (
            {"overrides": {"papers": {"waves": {"model": {}}}}},
            "overrides.papers.waves.model: no such section; did you mean 'models'?",
        ),
        (
            {"overrides": {"papers": {"waves": {"models": {"large": {}}}}}},
            "overrides.papers.waves.models.large: no such entry; known: small, svm",
        ),
    ],
)  # fmt: skip
def test_a_fault_names_the_key_the_value_and_what_is_near(faults, change, fault):
    assert faults(**change) == [fault]


def test_a_key_that_is_missing_is_named(workflow):
    with pytest.raises(ConfigError) as raised:
        read_project({"scale": "small"}, workflow)
    assert raised.value.faults == ["papers: missing; expected a list"]


def test_a_directory_that_does_not_exist_is_named(faults, tmp_path):
    (fault,) = faults(corpora={"ravdess": {"source": str(tmp_path / "nowhere")}})
    assert fault.startswith(
        f"corpora.ravdess.source: the directory {tmp_path / 'nowhere'} does not exist."
    )
    assert "holds workflow/" in fault


def test_the_directory_of_another_corpus_is_refused_with_what_it_holds(faults, tmp_path):
    other = tmp_path / "crema"
    (other / "AudioWAV").mkdir(parents=True)
    (fault,) = faults(corpora={"ravdess": {"source": str(other)}})
    assert fault.startswith(
        f"corpora.ravdess.source: {other} is not a directory of corpus ravdess: "
        f"expected the folders Audio_Speech_Actors_01-24/, Audio_Song_Actors_01-24/"
    )
    assert "it holds AudioWAV/." in fault


def test_all_faults_come_in_one_message(workflow, edit, read):
    edit("papers/waves/paper.yaml", models={"small": {"hiden": 3}})
    edit("papers/waves/paper.yaml", experiments={"NET": {"dataset": "ravdess-cats"}})
    with pytest.raises(ConfigError) as raised:
        read(
            corpora={"ravdess": {"source": "upstrem"}},
            overrides={"papers": {"waves": {"splits": {"fold": {"folds": 3}}}}},
        )
    assert str(raised.value).splitlines() == [
        "config.yaml, workflow/scales/small.yaml, workflow/papers/waves/paper.yaml: 4 faults",
        "  - overrides.papers.waves.splits.fold: no such entry; did you mean 'folds'?",
        "  - papers.waves.experiments.NET.dataset: no dataset 'ravdess-cats'; "
        "did you mean 'ravdess-dogs'?",
        "  - papers.waves.models.small.hiden: unknown key; did you mean 'hidden'?",
        "  - corpora.ravdess.source: 'upstrem' is no source of corpus ravdess: did you mean "
        "'upstream'? Expected 'simulated', 'upstream', an address (https://…), or a directory; "
        f"{Path.cwd()} has none of that name",
    ]

    with pytest.raises(ConfigError, match=r"config\.yaml: 4 faults") as raised:
        read(scale="lage", papers=["waves", "tides"], corpora={"ravdes": {}, "esc": {}})
    assert len(raised.value.faults) == 4


def test_a_wrong_type_or_key_does_not_hide_what_else_is_wrong(faults, tmp_path):
    found = faults(
        resuls="elsewhere",
        compute={"checkpoint_minutes": "often"},
        corpora={"ravdess": {"source": str(tmp_path / "nowhere")}},
    )
    assert [fault.partition(":")[0] for fault in found] == [
        "compute.checkpoint_minutes",
        "resuls",
        "corpora.ravdess.source",
    ]


def test_a_faulty_corpus_is_reported_once_and_not_by_every_experiment(faults):
    (fault,) = faults(overrides={"corpora": {"ravdess": {"sample_rate": "high"}}})
    assert fault.startswith("corpora.ravdess.sample_rate: 'high'")


def test_a_faulty_scale_is_named_with_its_path(workflow, edit, read):
    edit("scales/small.yaml", overrides={"paper": {}}, colour="blue")
    with pytest.raises(ConfigError) as raised:
        read()
    assert str(workflow / "scales" / "small.yaml") in str(raised.value)
    assert raised.value.faults == [
        "overrides.paper: unknown key; did you mean 'papers'?",
        "colour: unknown key; known: description, overrides, scale, source, weights",
    ]


def test_an_override_of_the_scale_that_matches_nothing_names_the_scale(edit, faults):
    edit("scales/small.yaml", overrides={"papers": {"waves": {"models": {"tiny": {}}}}})
    assert faults() == [
        "scale small: overrides.papers.waves.models.tiny: no such entry; known: small, svm"
    ]


def test_a_scale_that_overrides_an_unknown_paper_or_has_another_name_is_refused(edit, faults):
    edit("scales/small.yaml", scale="tiny", overrides={"papers": {"wave": {}}})
    assert faults() == [
        "overrides.papers: 'wave' does not exist; did you mean 'waves'?",
        "scale: 'tiny' is not the name of its file, 'small'",
    ]


def test_a_file_that_is_no_yaml_is_named_with_the_line(workflow, read):
    path = workflow / "papers" / "waves" / "paper.yaml"
    path.write_text("paper: waves\ntitle: [unclosed\n")
    with pytest.raises(ConfigError, match=r"paper\.yaml: 1 fault\n.*no valid YAML.*\n?.*line"):
        read()
    path.write_text("- a list\n")
    with pytest.raises(ConfigError, match="expected keys and values, found list"):
        read()
    path.unlink()
    with pytest.raises(ConfigError, match=r"paper\.yaml.*\n.*does not exist"):
        read()
