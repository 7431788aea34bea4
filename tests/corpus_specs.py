"""The corpora of the repository as their YAML describes them."""

from pathlib import Path

import yaml

from retable.spec.corpus import Corpus

CORPORA = Path(__file__).resolve().parents[1] / "workflow" / "corpora"


def corpus_spec(name: str) -> Corpus:
    """The spec of a corpus, without what a scale or a configuration lays over it."""
    return Corpus(**yaml.safe_load((CORPORA / f"{name}.yaml").read_text(encoding="utf-8")))
