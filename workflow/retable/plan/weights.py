"""The part of a plan that is about published weights: where they are, who starts from them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from retable.checksums import end_checksum
from retable.plan.corpora import CorporaPlan
from retable.spec.base import canonical_json
from retable.spec.paper import Experiment
from retable.spec.remote_file import RemoteFile
from retable.spec.weights import PublishedWeights
from retable.weights.source import ResolvedWeights, network_with_weights, weights_asked_for


@dataclass(frozen=True)
class WeightsPlan(CorporaPlan):
    """The published weights that a project's networks start from."""

    def weights(self, name: str) -> ResolvedWeights:
        """Where published weights are read from."""
        return self.project.weights[name]

    def starting_architecture(self, experiment: Experiment) -> str | None:
        """Architecture whose published weights an experiment starts from; None from scratch.

        The name of these weights is the model's `weights`.
        """
        asked = weights_asked_for(experiment.model)
        if asked is None or self.weights(asked[0]).kind == "none":
            return None
        return asked[1]

    def from_scratch(self, experiments: Iterable[Experiment]) -> dict[str, list[str]]:
        """Weights -> architectures of the experiments that ask for them and start without."""
        lacking: dict[str, set[str]] = {}
        for experiment in experiments:
            network = network_with_weights(experiment.model)
            if network is not None and self.starting_architecture(experiment) is None:
                lacking.setdefault(network.weights, set()).add(network.architecture)
        return {name: sorted(lacking[name]) for name in sorted(lacking)}

    def weights_in_use(self) -> list[PublishedWeights]:
        """What experiments start from."""
        return [source.published for source in self.project.weights.values() if source.stored]

    def stored_weights(self) -> list[str]:
        """Names among the results of the files that are fetched."""
        return sorted({name for source in self.project.weights.values() for name in source.stored})

    def architectures(self) -> list[str]:
        """Architectures that published weights are needed of, where there is a source of them."""
        sources = self.project.weights.values()
        return sorted({one for source in sources for one in source.stored.values()})

    def published_file(self, name: str, architecture: str) -> RemoteFile:
        """What upstream publishes of an architecture."""
        return self.project.published_weights[name].files[architecture]

    def weights_identity(self, name: str, stored: str) -> str:
        """Changes when another file is to be fetched: see `CorporaPlan.archive_identity`.

        A mirror may have one that nobody publishes a checksum of, so that its address counts.
        """
        source = self.weights(name)
        candidates = source.candidates(source.stored[stored])
        if source.kind == "mirror":
            return canonical_json([one.urls for one in candidates])
        (file,) = candidates
        if file.checksum:
            return file.checksum
        path = Path(source.location) / file.name
        return canonical_json([path.stat().st_size, end_checksum(path)])
