"""`config.yaml`: what to build, from where, how large."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field

from retable.spec.base import Spec
from retable.spec.compute import Compute
from retable.spec.corpus import Source
from retable.spec.variant import VariantName
from retable.spec.weights import WeightsSource

CHANGES_RESULTS = ("sample_rate", "labels", "datasets", "simulation")
"""Fields of a corpus that decide what a result is a result of."""


class Overrides(Spec):
    """Changes to specs, merged into them before they are validated.

    Keys below a section may be patterns (`*`, `GR-*`); a value of null removes a key. A key that is
    not there yet is added where its value `extends` another entry.
    """

    corpora: dict[str, dict[str, Any]] = {}
    """Corpus -> fields of its YAML."""
    papers: dict[str, dict[str, dict[str, Any]]] = {}
    """Paper -> section of its paper.yaml -> entry -> fields."""

    def changes(self, papers: Iterable[str]) -> list[str]:
        """What bears on the results of some papers, a text a value: `waves.models.*.depth = 3`.

        Of a corpus that is what its clips are and how they are labelled, not where archives lie.
        """
        corpora = {
            name: {key: value for key, value in fields.items() if key in CHANGES_RESULTS}
            for name, fields in self.corpora.items()
        }
        chosen = {name: self.papers[name] for name in papers if name in self.papers}
        return [*_changes(corpora, ""), *_changes(chosen, "")]


def _changes(content: Any, key: str) -> list[str]:
    if not isinstance(content, Mapping):
        return [f"{key} = {content}"]
    return [
        change
        for name, value in content.items()
        for change in _changes(value, f"{key}.{name}" if key else str(name))
    ]


class Scale(Spec):
    """How large a build is (`workflow/scales/<scale>.yaml`)."""

    scale: str
    description: str
    source: str
    """Where a corpus comes from unless `config.yaml` says otherwise."""
    weights: str = "upstream"
    """Where published weights come from unless `config.yaml` says otherwise."""
    overrides: Overrides = Overrides()


class Config(Spec):
    """The whole of `config.yaml`."""

    scale: str
    papers: tuple[str, ...] = Field(min_length=1)
    variants: tuple[VariantName, ...] = ("paper", "clean")
    results: str = "results"
    corpora: dict[str, Source] = {}
    weights: dict[str, WeightsSource] = {}
    keep_going_without_data: bool = False
    """Whether what needs a corpus that must be asked for is left out where it is missing."""
    compute: Compute = Compute()
    overrides: Overrides = Overrides()
