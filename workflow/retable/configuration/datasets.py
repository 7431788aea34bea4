"""What an input asks of its dataset, and of those that its split takes extra clips from."""

from collections.abc import Collection, Iterator, Mapping

from retable.configuration.merging import nearest
from retable.configuration.raw import RawInput
from retable.spec.corpus import Corpus, corpus_of
from retable.spec.split import Split

Labels = Mapping[str, tuple[str, ...]]
"""Task -> its classes."""


def dataset_faults(
    own: RawInput,
    split: Split | None,
    where: str,
    corpora: Mapping[str, Corpus],
    faulty: Collection[str] = (),
) -> Iterator[str]:
    """One line per fault: a dataset, or its labels for a task or for the split, are not there.

    Args:
        own: the input.
        split: the one that it names; None where that could not be read.
        where: key of the input.
        corpora: the corpora by name.
        faulty: names of corpora whose own faults are reported already.
    """
    known = {
        f"{corpus.corpus}-{dataset}": corpus.classes(dataset)
        for corpus in corpora.values()
        for dataset in corpus.datasets
    }
    if corpus_of(own.dataset) in faulty:
        return
    if own.dataset not in known:
        yield f"{where}.dataset: no dataset {own.dataset!r}; {nearest(own.dataset, known)}"
        return
    labels = known[own.dataset]
    for task in own.tasks:
        if task not in labels:
            yield (
                f"{where}.tasks: no labels for {task!r} in {own.dataset}; {nearest(task, labels)}"
            )
    stratify = None if split is None else getattr(split, "stratify", None)
    if stratify is not None and stratify not in labels:
        yield (
            f"splits.{own.split}.stratify: no labels for {stratify!r} in {own.dataset}; "
            f"{nearest(stratify, labels)}"
        )
    needed = {task: labels[task] for task in (*own.tasks, stratify) if task in labels}
    extra = split.extra_datasets if split else ()
    for place, dataset in enumerate(extra):
        key = f"splits.{own.split}.extra.{place}.dataset"
        if dataset in extra[:place]:
            yield f"{key}: {dataset} is there twice; keep one"
        elif corpus_of(dataset) not in faulty:
            faults = _extra_faults(dataset, own.dataset, needed, known)
            yield from (f"{key}: {fault}" for fault in faults)


def _extra_faults(
    dataset: str, main: str, needed: Labels, known: Mapping[str, Labels]
) -> Iterator[str]:
    """Extra clips must be others, with the labels of those that they train for.

    Args:
        dataset: of the extra clips.
        main: the dataset that is split.
        needed: its tasks, and what its split is stratified by.
        known: the labels of every dataset.
    """
    if dataset not in known:
        yield f"no dataset {dataset!r}; {nearest(dataset, known)}"
        return
    if dataset == main:
        yield f"{main} is the dataset that is split; name another, or leave this one out"
        return
    labels = known[dataset]
    for task, classes in needed.items():
        if task not in labels:
            yield (
                f"{dataset} has no labels for {task!r}, which {main} is trained for or stratified "
                f"by; it has {', '.join(labels)}"
            )
        elif unknown := [name for name in labels[task] if name not in classes]:
            yield (
                f"{dataset} has the {task} {', '.join(map(repr, unknown))}, which {main} has not; "
                f"classes are {', '.join(classes)}. Let `recode` of {dataset} in its corpus' YAML "
                "rename them, or leave them out"
            )
