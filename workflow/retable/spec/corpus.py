"""Corpora: where they come from, what they promise, and which clips an experiment uses."""

from typing import Literal

from pydantic import Field, model_validator

from retable.errors import listed
from retable.spec.base import Size, Spec
from retable.spec.remote_file import RemoteFile

Filter = dict[str, list[str]]
"""Manifest column -> accepted values; a clip must match every column."""


class SingleFiles(Spec):
    """Files that upstream serves one by one; fetched, they are packed into one zip archive.

    The `urls` of the archive, or the mirror's address, are what their addresses start with.
    """

    persistent_id: str | None = None
    """Of a dataset in a Dataverse repository (`doi:10.…`), whose API lists the files and their
    checksums."""
    table: str | None = None
    """File name in `workflow/corpora` of a table that lists them, with `path`, `sha256` and
    `bytes`; addresses are `<url>/<path>`."""
    connections: Size = 4
    """Files that are fetched at a time."""

    @model_validator(mode="after")
    def _says_where_the_list_is(self) -> "SingleFiles":
        if (self.persistent_id is None) == (self.table is None):
            raise ValueError(
                "single files need either the persistent_id of a Dataverse dataset or the name of "
                "a table in workflow/corpora that lists them, and not both"
            )
        return self


class Archive(RemoteFile):
    """One upstream archive."""

    single_files: SingleFiles | None = None
    """Where upstream has no archive: the files of which it is made here."""
    files_md5: dict[str, str] = {}
    """Path in the archive -> md5, for an archive made on the fly, whose own bytes may change."""
    checksum_published: bool = True
    """False where upstream publishes none: then every file in it must be readable."""
    unpack_to: str
    """Folder, below the corpus' clips, for the content."""
    folders: tuple[str, ...] | None = None
    """Folders or files that a directory source holds instead; `unpack_to` when absent."""
    other_folders: tuple[tuple[str, ...], ...] = ()
    """The same for other releases of the corpus, whose layouts differ."""
    only: tuple[str, ...] = ()
    """Patterns (`wav48/{speaker}/*`) of the files that are needed; all when empty. `{column}`
    stands for the values of that manifest column that the datasets in use select."""

    @model_validator(mode="after")
    def _is_vouched_for(self) -> "Archive":
        if self.single_files:
            stated = [*self.checksums, *(["files_md5"] if self.files_md5 else [])]
            if stated or self.checksum_published:
                drop = f"drop its {listed(stated)} and " if stated else ""
                raise ValueError(
                    f"archive {self.name} is made of single_files, which have checksums of their "
                    f"own: {drop}set checksum_published: false"
                )
            return self
        if self.checksum_published and bool(self.checksum) == bool(self.files_md5):
            raise ValueError(
                f"archive {self.name} needs an md5 or a sha256, or files_md5 where upstream makes "
                "it on the fly"
            )
        if not self.checksum_published and (self.checksum or self.files_md5):
            raise ValueError(
                f"archive {self.name} has a checksum, and checksum_published says it has none"
            )
        return self


class Simulation(Spec):
    """A seeded, small twin of a corpus in the upstream layout."""

    seed: int
    keep: tuple[Filter, ...]
    """Clips to write: those that match any of these filters (all upstream names when empty)."""
    duration_s: tuple[float, float]
    """Shortest and longest clip."""
    class_effect_db: dict[str, float]
    """Task -> standard deviation over mel bands of what a class does to the spectrum."""
    group_effect_db: float
    """What the clips of a group share: a voice, a place, a recording."""
    interaction_db: float
    """A group's own way of expressing a class: what random folds can exploit."""
    clip_effect_db: float
    """The same for a single clip: the noise that makes classes overlap."""


class Dataset(Spec):
    """The clips of a corpus that an experiment uses."""

    where: tuple[Filter, ...] = ()
    """Clips that match any of these filters; all clips when empty."""
    labels: dict[str, tuple[str, ...]] = {}
    """Task -> class names, where they are fewer than the corpus' or a task is this dataset's."""
    recode: dict[str, dict[str, str]] = {}
    """Task -> upstream's class -> the class that it is called here, where corpora are put together;
    a clip of a class that is not there is left out. Classes that `labels` leaves open are these."""

    @property
    def recoded(self) -> dict[str, tuple[str, ...]]:
        """Task -> the classes that `recode` leads to, each once."""
        return {task: tuple(dict.fromkeys(names.values())) for task, names in self.recode.items()}


def corpus_of(dataset: str) -> str:
    """The corpus of a dataset, which experiments name `<corpus>-<dataset>`."""
    return dataset.partition("-")[0]


def name_in_corpus(dataset: str) -> str:
    """The name below its corpus of a dataset, which experiments name `<corpus>-<dataset>`."""
    return dataset.partition("-")[2]


class Corpus(Spec):
    """A corpus as published upstream (`workflow/corpora/<corpus>.yaml`)."""

    corpus: str
    title: str
    homepage: str
    licence: str
    citation: str
    request: str | None = None
    """Whom to ask for a corpus that nobody may download without: it is never fetched silently."""
    archives: tuple[Archive, ...]
    sample_rate: Size
    """Hz; a clip at another rate is rejected."""
    other_rates: tuple[Size, ...] = ()
    """Hz of single upstream clips that are kept all the same, with a remark in the manifest."""
    labels: dict[str, tuple[str, ...]]
    """Task -> class names in their fixed order; each task is a column of the manifest."""
    counts: dict[str, dict[str, int]]
    """Manifest column (or `clips: {all: n}`) -> value -> clips that upstream promises."""
    speakers: int | None = None
    """Distinct speakers that upstream promises; none where clips have no speaker."""
    same_in_group: tuple[str, ...] = ()
    """Tasks whose class all clips of a group share."""
    max_rejected: float = Field(ge=0, le=1)
    """Largest fraction of clips that may be rejected before the build fails."""
    datasets: dict[str, Dataset]
    shards: int = Field(default=1, ge=1)
    """Pieces into which audio and features are cut, each a job of its own."""
    simulation: Simulation

    def classes(self, dataset: str) -> dict[str, tuple[str, ...]]:
        """Task -> class names of a dataset, by its name below the corpus."""
        own = self.datasets[dataset]
        return self.labels | own.recoded | own.labels


class Source(Spec):
    """Where a corpus is read from (`corpora.<corpus>` in `config.yaml`)."""

    source: str | None = None
    """`simulated`, `upstream`, a directory, or a mirror's URL; the scale decides when absent."""
    partial: bool = False
    """The directory holds only a part of the corpus: do not hold its counts against upstream."""


SourceKind = Literal["simulated", "upstream", "mirror", "archives", "folders"]


class Promise(Spec):
    """What the clips of a corpus, as they were read, are held against."""

    corpus: Corpus
    simulated: bool
    partial: bool
