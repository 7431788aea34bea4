# From an upstream or simulated archive, or a directory, to a manifest and the datasets cut from it.
FETCHED = [c for c in PLAN.corpora if PLAN.source(c).kind in ("upstream", "mirror", "archives")]
SIMULATED = [c for c in PLAN.corpora if PLAN.source(c).kind == "simulated"]


rule download:
    output:
        archive="<results>/corpora/{corpus}/archives/{archive}",
    log:
        "<logs>/download/{corpus}/{archive}.log",
    benchmark:
        "<benchmarks>/download/{corpus}/{archive}.tsv"
    wildcard_constraints:
        corpus=any_of(FETCHED),
    params:
        checksum=lambda wc: PLAN.archive(wc.corpus, wc.archive).checksum,
    resources:
        downloads=1,
    conda:
        ENVIRONMENT
    script:
        "../scripts/download.py"


rule simulate:
    output:
        archive="<results>/corpora/{corpus}/archives/{archive}",
    log:
        "<logs>/simulate/{corpus}/{archive}.log",
    benchmark:
        "<benchmarks>/simulate/{corpus}/{archive}.tsv"
    wildcard_constraints:
        corpus=any_of(SIMULATED),
    params:
        simulation=lambda wc: PLAN.corpus(wc.corpus).simulation.canonical(),
        code=lambda wc: PLAN.corpus_code("simulate.py", wc.corpus),
    conda:
        ENVIRONMENT
    script:
        "../scripts/simulate.py"


def archive_of_folder(wildcards):
    archives = PLAN.corpus(wildcards.corpus).archives
    name = next(a.name for a in archives if a.unpack_to == wildcards.folder)
    # The parameter `content` says when the archive has changed: touching it means nothing.
    return ancient(f"{RESULTS}/corpora/{wildcards.corpus}/archives/{name}")


rule unpack:
    input:
        archive=archive_of_folder,
    output:
        folder=directory("<results>/corpora/{corpus}/clips/{folder}"),
    log:
        "<logs>/unpack/{corpus}/{folder}.log",
    benchmark:
        "<benchmarks>/unpack/{corpus}/{folder}.tsv"
    params:
        content=lambda wc: PLAN.source(wc.corpus).fingerprint,
        max_bytes=lambda wc: PLAN.unpacked_limit(wc.corpus, wc.folder),
        code=PLAN.code("unpack.py"),
    conda:
        ENVIRONMENT
    script:
        "../scripts/unpack.py"


rule index:
    input:
        lambda wc: clip_folders(wc.corpus),
    output:
        manifest="<results>/corpora/{corpus}/manifest.tsv",
        rejected="<results>/corpora/{corpus}/rejected.tsv",
    log:
        job="<logs>/index/{corpus}.log",
        rejected="<logs>/index/{corpus}-rejected.tsv",
    benchmark:
        "<benchmarks>/index/{corpus}.tsv"
    params:
        root=lambda wc: clip_root(wc.corpus),
        content=lambda wc: PLAN.source(wc.corpus).fingerprint,
        corpus=lambda wc: PLAN.index_text(wc.corpus),
        code=lambda wc: PLAN.corpus_code("index.py", wc.corpus),
    threads: 2
    conda:
        ENVIRONMENT
    script:
        "../scripts/index.py"


rule select_dataset:
    input:
        manifest=lambda wc: manifest_of(wc.dataset.partition("-")[0]),
    output:
        dataset="<results>/datasets/{dataset}.tsv",
    log:
        "<logs>/datasets/{dataset}.log",
    params:
        dataset=lambda wc: PLAN.dataset(wc.dataset).canonical(),
        code=PLAN.code("select_dataset.py"),
    conda:
        ENVIRONMENT
    script:
        "../scripts/select_dataset.py"
