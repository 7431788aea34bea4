"""`config.yaml`: what to build, from where, how large."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from retable.spec.base import Spec
from retable.spec.compute import Compute
from retable.spec.corpus import Source
from retable.spec.paper import VariantName


class Overrides(Spec):
    """Changes to specs, merged into them before they are validated.

    Keys below a section may be patterns (`*`, `GR-*`); a value of null removes a key.
    """

    corpora: dict[str, dict[str, Any]] = {}
    """Corpus -> fields of its YAML."""
    papers: dict[str, dict[str, dict[str, Any]]] = {}
    """Paper -> section of its paper.yaml -> entry -> fields."""

    def changes(self) -> list[str]:
        """One text a value: `gresnets.trainings.*.epochs = 30`."""
        return [*_changes(self.corpora, ""), *_changes(self.papers, "")]


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
    overrides: Overrides = Overrides()


class Config(Spec):
    """The whole of `config.yaml`."""

    scale: str
    papers: tuple[str, ...] = Field(min_length=1)
    variants: tuple[VariantName, ...] = ("paper", "clean")
    results: str = "results"
    corpora: dict[str, Source] = {}
    compute: Compute = Compute()
    overrides: Overrides = Overrides()
