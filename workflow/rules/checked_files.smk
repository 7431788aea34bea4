# What the checks and the page look at, by subject.
def corpus_files(name):
    return [f"{RESULTS}/corpora/{corpus}/{name}" for corpus in PLAN.corpora]


def checked_predictions():
    """Subject -> prediction files, for every experiment, fusion, verification and variant."""
    return {
        spec.subject: prediction_files(spec)
        for spec in [*PLAN.experiments.values(), *PLAN.derived.values()]
    }


def checked_roles():
    """Subject -> task -> roles of the clips, for every experiment and variant."""
    return {
        experiment.subject: {
            task: split_file(experiment.paper, one, "roles.tsv")
            for one in experiment.inputs
            for task in one.tasks
        }
        for experiment in PLAN.experiments.values()
    }


def checked_scores():
    """Subject -> its scores and confusion counts, for all that has scores."""
    return {
        f"{paper}, {name}": [
            *score_files(paper, [name], ".tsv"),
            *score_files(paper, [name], "-confusion.tsv"),
        ]
        for paper, name in PLAN.scored
    }


def checked_splits():
    """Subject -> audit and facts, for every split."""
    return {
        f"{paper}, {one.split_name} of {one.dataset}": [
            split_file(paper, one, "audit.tsv"),
            split_file(paper, one, "split.json"),
        ]
        for paper, one in PLAN.inputs
    }


def checked_fusions():
    """Subject -> its audit, for every fusion and variant."""
    return {
        fusion.subject: fusion_file(fusion, "audit.tsv")
        for fusion in PLAN.fusions.values()
    }


def checked_verifications():
    """Subject -> speakers of the clips, their column and roles, for every verification."""
    checked = {}
    for verification in PLAN.verifications.values():
        one = PLAN.speaker_input(verification)
        checked[verification.subject] = {
            "dataset": dataset_file(one.dataset),
            "task": verification.task,
            "roles": split_file(verification.paper, one, "roles.tsv"),
        }
    return checked


def leaky_fusions():
    """Subjects of the fusions that declare to test on clips that classifiers were trained on."""
    return [f.subject for f in PLAN.fusions.values() if f.other_roles]


def built_tables(paper):
    """Table of `published.csv` -> its long forms."""
    spec = PLAN.papers[paper]
    tables = {
        name: [f"{RESULTS}/tables/{paper}/table{name}.tsv"] for name in spec.tables
    }
    if spec.text:
        tables["text"] = [
            f"{RESULTS}/tables/{paper}/{name}.tsv" for name in ("text", "settings")
        ]
    return tables
