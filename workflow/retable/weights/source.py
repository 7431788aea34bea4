"""Where published weights are read from: nowhere, upstream, a mirror or a directory.

Runs whenever the workflow is planned: it looks for files, but reads none and imports no torch.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from retable.errors import DataError, listed
from retable.sources import content_of, existing_directory, is_address
from retable.spec.model import Model, TorchvisionNetwork
from retable.spec.remote_file import RemoteFile
from retable.spec.weights import PublishedWeights

WeightsSourceKind = Literal["none", "upstream", "mirror", "directory"]

WORDS = ("none", "upstream")
"""Sources that are neither an address nor a directory."""


@dataclass(frozen=True)
class ResolvedWeights:
    """Weights whose source exists and, if it is a directory, holds the files that are needed."""

    published: PublishedWeights
    kind: WeightsSourceKind
    needed: tuple[str, ...]
    """Architectures that experiments start from."""
    location: str = ""
    """The directory (absolute) or the mirror's address; empty for `none` and `upstream`."""
    local: Mapping[str, str] = field(default_factory=dict)
    """Architecture that is needed -> name of its file in the directory."""

    @property
    def stored(self) -> dict[str, str]:
        """Name of each needed file among the results -> its architecture; empty for `none`."""
        needed = () if self.kind == "none" else self.needed
        return {self.stored_as(architecture): architecture for architecture in needed}

    def candidates(self, architecture: str) -> list[RemoteFile]:
        """What the source may have of an architecture, with its addresses, in order.

        A file of a directory has none; of `none` there is no candidate.
        """
        file = self.published.files[architecture]
        if self.kind == "upstream":
            return [file]
        if self.kind == "directory":
            name = self.local[architecture]
            return [file if name == file.name else as_safetensors(file)]
        if self.kind == "mirror":
            root = self.location.rstrip("/")
            return [
                one.model_copy(update={"urls": (f"{root}/{quote(one.name)}",)})
                for one in (file, as_safetensors(file))
            ]
        return []

    def stored_as(self, architecture: str) -> str:
        """The name of an architecture's file among the results.

        Without a suffix where a mirror decides in which form it comes.
        """
        candidates = self.candidates(architecture)
        return candidates[0].name if len(candidates) == 1 else Path(candidates[0].name).stem


def as_safetensors(file: RemoteFile) -> RemoteFile:
    """The file under the same stem in the safetensors format: nobody publishes its checksum."""
    name = f"{Path(file.name).stem}.safetensors"
    return RemoteFile(name=name, urls=(), bytes=file.bytes, exact=False)


def weights_asked_for(model: Model) -> tuple[str, str] | None:
    """Name and architecture of the published weights that a network is to start from.

    None for other models, and for a network whose layers have sizes of their own.
    """
    network = network_with_weights(model)
    if network is None or not network.is_original:
        return None
    return network.weights, network.architecture


def network_with_weights(model: Model) -> TorchvisionNetwork | None:
    """The model, if it names published weights, whatever sizes its layers have."""
    if isinstance(model, TorchvisionNetwork) and model.weights != "none":
        return model
    return None


def resolve_weights(
    published: PublishedWeights, source: str, architectures: Iterable[str]
) -> ResolvedWeights:
    """Resolves `weights.<name>.source` of `config.yaml` for the architectures that are needed.

    Raises DataError when the text is neither a known word, an address nor a directory, and when
    the directory lacks a file. The message is to follow the key's name.
    """
    needed = tuple(sorted(architectures))
    if source == "none":
        return ResolvedWeights(published, "none", needed)
    if source == "upstream":
        return ResolvedWeights(published, "upstream", needed)
    if is_address(source, "weights", WORDS):
        return ResolvedWeights(published, "mirror", needed, source)
    file_advice = ": name the one that it lies in,"
    directory = existing_directory(source, "weights", published.weights, WORDS, file_advice)
    local = _local_files(published, directory, needed)
    return ResolvedWeights(published, "directory", needed, str(directory), local)


def _local_files(
    published: PublishedWeights, directory: Path, architectures: Iterable[str]
) -> dict[str, str]:
    local, missing, addresses = {}, [], []
    for architecture in architectures:
        file = published.files[architecture]
        names = [file.name, as_safetensors(file).name]
        found = [name for name in names if (directory / name).is_file()]
        if found:
            local[architecture] = found[0]
        else:
            missing.append(" or ".join(names))
            addresses.append(file.urls[0])
    if missing:
        raise DataError(
            f"{directory} holds no {listed(missing, separator='; ')}: it holds "
            f"{content_of(directory)}. Fetch {listed(addresses)} into it, or set "
            f"weights.{published.weights}.source to 'upstream' to download what is needed, or to "
            "'none' to train from scratch."
        )
    return local
