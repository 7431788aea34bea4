"""Datasets that call the classes of a corpus otherwise (`recode`): faults in the names."""

from collections.abc import Iterator

from retable.configuration.merging import nearest
from retable.spec.corpus import Corpus


def recode_faults(corpus: Corpus, where: str) -> list[str]:
    """A line for each name in `recode`, or in `labels` beside it, that leads nowhere.

    Recoded are the tasks of the corpus, from its classes; the classes that a dataset then lists
    under `labels` are among those that it recodes to. `where` is the key of the corpus.
    """
    return [
        f"{where}.datasets.{name}.{fault}"
        for name in corpus.datasets
        for fault in _faults(corpus, name)
    ]


def _faults(corpus: Corpus, dataset: str) -> Iterator[str]:
    own = corpus.datasets[dataset]
    for task, names in own.recode.items():
        if task not in corpus.labels:
            yield f"recode: {task!r} is no task of the corpus; {nearest(task, corpus.labels)}"
            continue
        known = corpus.labels[task]
        for name in names:
            if name not in known:
                yield f"recode.{task}: {name!r} is no class of the corpus; {nearest(name, known)}"
        recoded = own.recoded[task]
        for name in own.labels.get(task, ()):
            if name not in recoded:
                yield (
                    f"labels.{task}: {name!r} is no class that {task} is recoded to; "
                    f"{nearest(name, recoded)}"
                )
