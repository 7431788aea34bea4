from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from archive_server import archive_server  # noqa: F401 (a fixture)
from corpus_specs import corpus_spec
from real_corpora import real_corpus
from retable.corpora import ravdess
from retable.corpora.index import check_named, index_clips
from retable.corpora.metadata import find_metadata
from retable.corpora.needed import needed_patterns
from retable.corpora.ravdess_twin import simulate_archive
from retable.corpora.unpack import unpack_archive
from retable.registry import CORPORA, TWINS, load
from retable.spec.corpus import Corpus, Simulation


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return corpus_spec("ravdess")


@pytest.fixture(scope="session")
def short(corpus) -> Simulation:
    """The twin's simulation with short clips of actors 1, 5 and 18: fast."""
    keep = tuple({**one, "speaker": ["01", "05", "18"]} for one in corpus.simulation.keep)
    return corpus.simulation.model_copy(update={"keep": keep, "duration_s": (0.2, 0.3)})


@pytest.fixture(scope="session")
def short_archive(short, tmp_path_factory) -> Path:
    """A small simulated archive of speech."""
    archive = tmp_path_factory.mktemp("short") / "Audio_Speech_Actors_01-24.zip"
    simulate_archive(archive.name, short, archive)
    return archive


@pytest.fixture(scope="session")
def build_twin(corpus) -> Callable[[tuple[float, float], Path], Path]:
    """Simulates and unpacks all clips that `ravdess.yaml` keeps, of the given lengths."""

    def build(duration_s: tuple[float, float], root: Path) -> Path:
        simulation = corpus.simulation.model_copy(update={"duration_s": duration_s})
        for archive in corpus.archives:
            simulate_archive(archive.name, simulation, root / archive.name)
            unpack_archive(root / archive.name, root / archive.unpack_to, 2**30)
        return root

    return build


@pytest.fixture(scope="session")
def twin(build_twin, tmp_path_factory) -> Path:
    """The unpacked twin with clips of about a second."""
    return build_twin((1.0, 1.2), tmp_path_factory.mktemp("twin"))


@pytest.fixture(scope="session")
def index(corpus) -> Callable[[Path], tuple[pd.DataFrame, pd.DataFrame]]:
    """Manifest and rejected clips of a folder that holds RAVDESS, or a part of it."""

    def index_folder(root: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
        folders = [archive.unpack_to for archive in corpus.archives]
        return index_clips(root, folders, corpus, ravdess.clip_descriptions({}), threads=2)

    return index_folder


@pytest.fixture(scope="session")
def twin_index(index, twin):
    return index(twin)


@pytest.fixture(scope="session")
def simulate_twin(tmp_path_factory) -> Callable[[str], Path]:
    """The only archive of the twin of a corpus, by its name: written once."""

    @cache
    def simulate(name: str) -> Path:
        corpus = corpus_spec(name)
        (archive,) = corpus.archives
        path = tmp_path_factory.mktemp("archive") / archive.name
        load(TWINS, name).simulate_archive(archive.name, corpus.simulation, path)
        return path

    return simulate


@pytest.fixture(scope="module")
def twin_archive(corpus, simulate_twin) -> Path:
    """The only archive of the twin of a corpus: of `corpus`, which a test file may redefine."""
    return simulate_twin(corpus.corpus)


@pytest.fixture(scope="module")
def twin_root(corpus, twin_archive, tmp_path_factory) -> Path:
    """The folder below which that archive is unpacked, as the YAML of the corpus says."""
    (archive,) = corpus.archives
    root = tmp_path_factory.mktemp("twin")
    needed = needed_patterns(corpus, corpus.datasets)
    unpack_archive(twin_archive, root / archive.unpack_to, 2**30, only=needed)
    return root


@pytest.fixture(scope="module")
def indexed_twin(corpus, twin_root) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Manifest and rejected clips of what is unpacked there; none that is listed is missing."""
    (archive,) = corpus.archives
    module = load(CORPORA, corpus.corpus)
    metadata = find_metadata(twin_root, [archive.unpack_to], module.METADATA)
    descriptions = module.clip_descriptions(metadata)
    index = index_clips(twin_root, [archive.unpack_to], corpus, descriptions, threads=2)
    check_named(*index, descriptions.named, corpus)
    return index


@pytest.fixture(scope="session")
def real_ravdess() -> Path:
    """The folder of a slice of the real corpus."""
    return real_corpus("ravdess")
