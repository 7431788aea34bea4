# Which files there are, and which of them rules read.
def experiment_of(wildcards):
    """The experiment that `paper`, `experiment` and `variant` name."""
    return PLAN.experiment(wildcards.paper, wildcards.experiment, wildcards.variant)


def clip_folders(corpus):
    """Folders with a corpus' clips that rules make; none where a directory is read in place."""
    source = PLAN.source(corpus)
    if source.kind == "folders":
        return []
    folders = [PLAN.archive(corpus, name).unpack_to for name in source.present]
    return expand(rules.unpack.output.folder, corpus=corpus, folder=folders)


def clip_root(corpus):
    """Folder that the paths in a corpus' manifest start from."""
    source = PLAN.source(corpus)
    if source.kind == "folders":
        return source.location
    return f"{RESULTS}/corpora/{corpus}/clips"


def manifest_of(corpus):
    return f"{RESULTS}/corpora/{corpus}/manifest.tsv"


def rejected_of(corpus):
    return f"{RESULTS}/corpora/{corpus}/rejected.tsv"


def corpus_facts(corpus):
    return f"{RESULTS}/corpora/{corpus}/corpus.json"


def dataset_file(dataset):
    return f"{RESULTS}/datasets/{dataset}.tsv"


def audio_folder(dataset, feature):
    """Folder of the packed audio that a feature is computed from."""
    return f"{RESULTS}/audio/{dataset}/{feature.sample_rate}-{feature.audio_layout}"


def audio_files(dataset, feature):
    """Data files of the packed audio; the index of each lies beside it."""
    return expand(
        f"{audio_folder(dataset, feature)}/shard{{shard}}.npy",
        shard=PLAN.shards(dataset),
    )


def feature_files(feature, dataset):
    """Data files of a feature store; the index of each lies beside it."""
    return expand(
        f"{RESULTS}/features/{feature}/{dataset}/shard{{shard}}.npy",
        shard=PLAN.shards(dataset),
    )


def features_of(feature, datasets):
    """The same of several datasets."""
    return [file for dataset in datasets for file in feature_files(feature, dataset)]


def split_datasets(wildcards):
    """The dataset that a split is of, and those of its extra clips."""
    return PLAN.split_datasets(wildcards.paper, wildcards.dataset, wildcards.split)


def split_file(paper, one, name):
    """A file of the split of one input of an experiment."""
    return f"{RESULTS}/splits/{paper}/{one.dataset}/{one.split_name}/{name}"


def standardisation_file(paper, one):
    """Means and deviations that one input is standardised with; empty where it is not."""
    if one.standardise == "none":
        return ""
    return (
        f"{RESULTS}/standardisations/{paper}/{one.dataset}/{one.split_name}/"
        f"{one.feature_name}-{one.standardise}.tsv"
    )


def input_files(paper, one):
    """The files behind one input of an experiment, and where its corpora were read from."""
    return {
        "datasets": [dataset_file(dataset) for dataset in one.datasets],
        "features": features_of(one.feature_name, one.datasets),
        "split": split_file(paper, one, "roles.tsv"),
        "standardisation": standardisation_file(paper, one),
        "sources": [PLAN.origin(dataset) for dataset in one.datasets],
    }


def experiment_inputs(experiment):
    """The files behind every input of an experiment."""
    return [input_files(experiment.paper, one) for one in experiment.inputs]


def files_in(inputs):
    """All files of what `experiment_inputs` lists."""
    return [
        file
        for files in inputs
        for file in [
            *files["datasets"],
            *files["features"],
            files["split"],
            files["standardisation"],
        ]
        if file
    ]


def part_files(experiment, name, parts=None):
    """The file `name` of every part, or of some, of an experiment and variant."""
    return expand(
        f"{RESULTS}/runs/{experiment.paper}/{experiment.experiment}/{experiment.variant}/"
        f"part{{part}}/{name}",
        part=PLAN.parts(experiment) if parts is None else parts,
    )


def fusion_file(fusion, name):
    """A file of a fusion and variant."""
    return f"{RESULTS}/fusions/{fusion.paper}/{fusion.fusion}/{fusion.variant}/{name}"


def verification_file(verification, name):
    """A file of a verification and variant."""
    return (
        f"{RESULTS}/verifications/{verification.paper}/{verification.verification}/"
        f"{verification.variant}/{name}"
    )


def score_files(paper, experiments, name):
    """`<experiment>.tsv` or `<experiment>-confusion.tsv` of each experiment."""
    return [
        f"{RESULTS}/scores/{paper}/{experiment}{name}" for experiment in experiments
    ]


def archive_of_folder(wildcards):
    name = PLAN.archive_of_folder(wildcards.corpus, wildcards.folder).name
    return f"{RESULTS}/corpora/{wildcards.corpus}/archives/{name}"


def part_inputs(wildcards):
    return experiment_inputs(experiment_of(wildcards))


def warm_starts(wildcards):
    """Folders with the weights that the runs of a part start from."""
    experiment = experiment_of(wildcards)
    if experiment.warm_start is None:
        return []
    source, parts = PLAN.warm_start_parts(experiment, wildcards.part)
    return part_files(source, "models", parts)


def weights_file(wildcards):
    """The file that an architecture's weights are converted from."""
    stored = PLAN.weights(wildcards.weights).stored_as(wildcards.architecture)
    return f"{RESULTS}/weights/{wildcards.weights}/{stored}"


def published_weights(wildcards):
    """The file with the weights that the runs of a part start from, if they do, as a list."""
    experiment = experiment_of(wildcards)
    architecture = PLAN.starting_architecture(experiment)
    if architecture is None:
        return []
    return [f"{RESULTS}/weights/{experiment.model.weights}/{architecture}.safetensors"]


def part_text(wildcards):
    return PLAN.part(experiment_of(wildcards), wildcards.part).canonical()


def prediction_files(spec):
    """Predictions of an experiment's parts, of a fusion or of a verification."""
    if isinstance(spec, Fusion):
        return [fusion_file(spec, "predictions.parquet")]
    if isinstance(spec, Verification):
        return [verification_file(spec, "predictions.parquet")]
    return part_files(spec, "predictions.parquet")


def predictions_by_variant(wildcards):
    return {
        variant: prediction_files(spec)
        for variant, spec in PLAN.scored[wildcards.paper, wildcards.scored].items()
    }


def fusion_members(wildcards):
    """Member -> its predictions."""
    fusion = PLAN.fusions[wildcards.paper, wildcards.fusion, wildcards.variant]
    return {
        name: prediction_files(
            PLAN.experiment(wildcards.paper, name, fusion.members_variant)
        )
        for name in fusion.members
    }


def verification_of(wildcards):
    """The verification that `paper`, `verification` and `variant` name."""
    return PLAN.verifications[
        wildcards.paper, wildcards.verification, wildcards.variant
    ]


def verifying_files(wildcards):
    """What the runs behind a verification leave: predictions, and embeddings to compare."""
    verification = verification_of(wildcards)
    experiment = PLAN.experiment(wildcards.paper, verification.experiment, "paper")
    compared = verification.decision == "cosine"
    return {
        "dataset": dataset_file(PLAN.speaker_input(verification).dataset),
        "predictions": prediction_files(experiment),
        "embeddings": (
            part_files(experiment, "embeddings.parquet") if compared else []
        ),
    }


def flattened(files_by_subject):
    return [file for files in files_by_subject.values() for file in files]
