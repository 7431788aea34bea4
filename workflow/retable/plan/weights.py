"""The part of a plan that is about published weights: where they are, who starts from them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from retable.corpora.files import end_checksum
from retable.plan.corpora import CorporaPlan
from retable.spec.base import canonical_json
from retable.spec.corpus import RemoteFile
from retable.spec.model import TorchvisionNetwork
from retable.spec.paper import Experiment
from retable.weights.source import ResolvedWeights, weights_asked_for


@dataclass(frozen=True)
class WeightsPlan(CorporaPlan):
    """The published weights that a project's networks start from."""

    def weights(self, name: str) -> ResolvedWeights:
        """Where published weights are read from."""
        return self.project.weights[name]

    def weights_file_of(self, experiment: Experiment) -> str | None:
        """Architecture whose published weights an experiment starts from; None from scratch.

        Their name is the model's `weights`.
        """
        asked = weights_asked_for(experiment.model)
        if asked is None or self.weights(asked[0]).kind == "none":
            return None
        return asked[1]

    def from_scratch(self, experiments: Iterable[Experiment]) -> list[str]:
        """Architectures of the experiments that ask for published weights and start without."""
        return sorted(
            {
                experiment.model.architecture
                for experiment in experiments
                if isinstance(experiment.model, TorchvisionNetwork)
                and experiment.model.weights != "none"
                and self.weights_file_of(experiment) is None
            }
        )

    def stored_weights(self) -> list[str]:
        """Names among the results of the files that are fetched."""
        return sorted({name for source in self.project.weights.values() for name in source.stored})

    def architectures(self) -> list[str]:
        """Architectures that published weights are needed of, where there is a source of them."""
        sources = self.project.weights.values()
        return sorted({one for source in sources for one in source.stored.values()})

    def published_file(self, name: str, architecture: str) -> RemoteFile:
        """What upstream publishes of an architecture."""
        return self.weights(name).published.files[architecture]

    def weights_facts(self, name: str, architecture: str) -> dict[str, str]:
        """What the record of some weights says besides the file that they are from."""
        return {"weights": name, "architecture": architecture, "source": self.weights(name).kind}

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
