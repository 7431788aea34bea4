"""The corpora of the repository as their YAML describes them."""

from repository import WORKFLOW
from retable.configuration.reading import read_yaml, with_columns
from retable.spec.corpus import Corpus

CORPORA = WORKFLOW / "corpora"


def corpus_spec(name: str) -> Corpus:
    """The spec of a corpus, without what a scale or a configuration lays over it."""
    faults: list[str] = []
    content = with_columns(read_yaml(CORPORA / f"{name}.yaml"), CORPORA, name, faults)
    assert faults == []
    return Corpus.model_validate(content)
