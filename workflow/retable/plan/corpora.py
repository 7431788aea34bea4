"""The part of a plan that is about corpora: where they come from and what their jobs depend on."""

from dataclasses import dataclass
from pathlib import Path

from retable.checksums import end_checksum
from retable.configuration.project import Project
from retable.corpora.file_lists import listing_identity
from retable.corpora.source import ResolvedSource
from retable.digest import code_digest
from retable.registry import CORPORA, TWINS, module_of
from retable.spec.base import canonical_json
from retable.spec.corpus import Archive, Corpus, Dataset, Promise, corpus_of, name_in_corpus


@dataclass(frozen=True)
class CorporaPlan:
    """The corpora that a project needs."""

    project: Project
    workflow: Path

    @property
    def corpora(self) -> list[str]:
        """Names of the corpora that the selected papers use."""
        return sorted(self.project.sources)

    def corpus(self, name: str) -> Corpus:
        """A corpus' spec."""
        return self.project.corpora[name]

    def source(self, corpus: str) -> ResolvedSource:
        """Where a corpus is read from."""
        return self.project.sources[corpus]

    def archive(self, corpus: str, name: str) -> Archive:
        """One archive of a corpus, by file name."""
        return next(archive for archive in self.corpus(corpus).archives if archive.name == name)

    def archive_identity(self, corpus: str, name: str) -> str:
        """Changes when another archive is to be fetched.

        That is its checksum; one without is another when it comes from elsewhere, when the list of
        the single files in it is another or, in a directory, when the file there is, but not when
        its time stamp alone is.
        """
        archive, source = self.archive(corpus, name), self.source(corpus)
        if archive.checksum:
            return archive.checksum
        if source.kind != "archives":
            files = archive.single_files
            listed = files and listing_identity(files, self.workflow / "corpora")
            return canonical_json([listed or archive.files_md5, source.addresses(archive)])
        file = Path(source.location) / name
        return canonical_json([archive.files_md5, file.stat().st_size, end_checksum(file)])

    def unpacked_limit(self, corpus: str, folder: str) -> int:
        """Bytes that the archive for a folder may unpack to: audio compresses less than this, and
        there is little else.
        """
        return 20 * self.archive_of_folder(corpus, folder).bytes + 2**28

    def files_md5(self, corpus: str, folder: str) -> dict[str, str]:
        """Files of the archive for a folder -> md5, where upstream has no checksum of the whole.

        None of a simulated archive, whose files are others.
        """
        simulated = self.source(corpus).kind == "simulated"
        return {} if simulated else self.archive_of_folder(corpus, folder).files_md5

    def archive_of_folder(self, corpus: str, folder: str) -> Archive:
        """The archive of a corpus that unpacks to a folder."""
        archives = self.corpus(corpus).archives
        return next(archive for archive in archives if archive.unpack_to == folder)

    def dataset(self, name: str) -> Dataset:
        """A dataset's spec, by `<corpus>-<dataset>`."""
        return self.corpus(corpus_of(name)).datasets[name_in_corpus(name)]

    def classes(self, dataset: str) -> dict[str, tuple[str, ...]]:
        """Task -> class names of a dataset, by `<corpus>-<dataset>`."""
        return self.corpus(corpus_of(dataset)).classes(name_in_corpus(dataset))

    def promised_classes(self, dataset: str) -> dict[str, tuple[str, ...]]:
        """Task -> classes that must have clips: none of a simulated or a partial corpus."""
        source = self.source(corpus_of(dataset))
        whole = source.kind != "simulated" and not source.partial
        return self.classes(dataset) if whole else {}

    def shards(self, dataset: str) -> list[str]:
        """Names of a dataset's shards."""
        return [f"{shard:03d}" for shard in range(self.corpus(corpus_of(dataset)).shards)]

    def folder_content(self, corpus: str) -> str:
        """Changes when a file in a directory that is read in place does; empty without one."""
        return self.source(corpus).fingerprint

    def indexed(self, corpus: str) -> list[str]:
        """Folders and files below its root that hold a corpus, as far as its source has them."""
        source = self.source(corpus)
        if source.kind == "folders":
            return list(source.folders)
        return sorted(self.archive(corpus, name).unpack_to for name in source.present)

    def index_text(self, corpus: str) -> str:
        """What the manifest of a corpus depends on, besides its clips."""
        fields = {"sample_rate", "labels", "max_rejected"}
        spec = self.corpus(corpus).model_dump(mode="json", include=fields)
        source = self.source(corpus)
        read = {"folders": self.indexed(corpus), "partial": source.partial}
        # Left out where they say nothing, so that they rerun no other corpus.
        shared = self.corpus(corpus).same_in_group
        rates = self.corpus(corpus).other_rates
        further = {"only": source.only, "same_in_group": shared, "other_rates": rates}
        return canonical_json(spec | read | {key: value for key, value in further.items() if value})

    def origin(self, dataset: str) -> str:
        """In a word, where the audio of a dataset comes from."""
        kind = self.source(corpus_of(dataset)).kind
        return "directory" if kind in ("folders", "archives") else kind

    def promise(self, corpus: str) -> Promise:
        """What the clips of a corpus are held against."""
        source = self.source(corpus)
        return Promise(
            corpus=self.corpus(corpus),
            simulated=source.kind == "simulated",
            partial=source.partial,
        )

    def corpus_modules(self) -> list[str]:
        """Modules that say what the simulated corpora in use hold."""
        simulated = [name for name in self.corpora if self.source(name).kind == "simulated"]
        return [module_of(TWINS, name) for name in simulated]

    def code(self, script: str, *modules: str) -> str:
        """Digest of the code behind the adapter `workflow/scripts/<script>`."""
        path = self.workflow / "scripts" / script
        return code_digest(path, self.workflow / "retable", modules)

    def corpus_code(self, script: str, corpus: str) -> str:
        """The same with the module of a corpus."""
        return self.code(script, module_of(CORPORA, corpus))

    def twin_code(self, script: str, corpus: str) -> str:
        """The same with the module of a corpus' simulated twin."""
        return self.code(script, module_of(TWINS, corpus))
