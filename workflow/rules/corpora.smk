# From an upstream or simulated archive, or a directory, to a manifest and the datasets cut from it.
FETCHED = [
    c for c in PLAN.corpora if PLAN.source(c).kind in ("upstream", "mirror", "archives")
]
SIMULATED = [c for c in PLAN.corpora if PLAN.source(c).kind == "simulated"]


rule download:
    output:
        archive="<results>/corpora/{corpus}/archives/{archive}",
        checksum="<results>/corpora/{corpus}/archives/{archive}.sha256",
    log:
        "<logs>/download/{corpus}/{archive}.log",
    benchmark:
        "<benchmarks>/download/{corpus}/{archive}.tsv"
    wildcard_constraints:
        corpus=any_of(FETCHED),
    conda:
        ENVIRONMENT
    resources:
        downloads=1,
    params:
        archive=lambda wc: PLAN.archive_identity(wc.corpus, wc.archive),
    script:
        "../scripts/download.py"


rule simulate:
    output:
        archive="<results>/corpora/{corpus}/archives/{archive}",
        checksum="<results>/corpora/{corpus}/archives/{archive}.sha256",
    log:
        "<logs>/simulate/{corpus}/{archive}.log",
    benchmark:
        "<benchmarks>/simulate/{corpus}/{archive}.tsv"
    wildcard_constraints:
        corpus=any_of(SIMULATED),
    conda:
        ENVIRONMENT
    params:
        simulation=lambda wc: PLAN.corpus(wc.corpus).simulation.canonical(),
        code=lambda wc: PLAN.twin_code("simulate.py", wc.corpus),
    script:
        "../scripts/simulate.py"


rule unpack:
    input:
        archive=lambda wc: ancient(archive_of_folder(wc)),
        checksum=lambda wc: f"{archive_of_folder(wc)}.sha256",
    output:
        folder=directory("<results>/corpora/{corpus}/clips/{folder}"),
    log:
        "<logs>/unpack/{corpus}/{folder}.log",
    benchmark:
        "<benchmarks>/unpack/{corpus}/{folder}.tsv"
    conda:
        ENVIRONMENT
    params:
        max_bytes=lambda wc: PLAN.unpacked_limit(wc.corpus, wc.folder),
        files_md5=lambda wc: PLAN.files_md5(wc.corpus, wc.folder),
        only=lambda wc: list(PLAN.source(wc.corpus).only),
        code=PLAN.code("unpack.py"),
    script:
        "../scripts/unpack.py"


rule index:
    input:
        lambda wc: clip_folders(wc.corpus),
    output:
        manifest="<results>/corpora/{corpus}/manifest.tsv",
        rejected="<results>/corpora/{corpus}/rejected.tsv",
        facts="<results>/corpora/{corpus}/corpus.json",
    log:
        job="<logs>/index/{corpus}.log",
        rejected="<logs>/index/{corpus}-rejected.tsv",
    benchmark:
        "<benchmarks>/index/{corpus}.tsv"
    conda:
        ENVIRONMENT
    threads: 2
    params:
        root=lambda wc: clip_root(wc.corpus),
        content=lambda wc: PLAN.folder_content(wc.corpus),
        corpus=lambda wc: PLAN.index_text(wc.corpus),
        code=lambda wc: PLAN.corpus_code("index.py", wc.corpus),
    script:
        "../scripts/index.py"


rule select_dataset:
    input:
        manifest=lambda wc: manifest_of(corpus_of(wc.dataset)),
        rejected=lambda wc: rejected_of(corpus_of(wc.dataset)),
    output:
        dataset="<results>/datasets/{dataset}.tsv",
        rejected="<results>/datasets/{dataset}-rejected.tsv",
    log:
        "<logs>/datasets/{dataset}.log",
    benchmark:
        "<benchmarks>/datasets/{dataset}.tsv"
    conda:
        ENVIRONMENT
    params:
        dataset=lambda wc: PLAN.dataset(wc.dataset).canonical(),
        classes=lambda wc: PLAN.promised_classes(wc.dataset),
        code=PLAN.code("select_dataset.py"),
    script:
        "../scripts/select_dataset.py"


rule summarise_corpora:
    input:
        manifests=corpus_files("manifest.tsv"),
        rejected=corpus_files("rejected.tsv"),
    output:
        summary="<results>/corpora.tsv",
        odd_clips="<results>/odd_clips.tsv",
    log:
        "<logs>/corpora.log",
    benchmark:
        "<benchmarks>/corpora.tsv"
    conda:
        ENVIRONMENT
    params:
        corpora=PLAN.corpora,
        code=PLAN.code("summarise_corpora.py"),
    script:
        "../scripts/summarise_corpora.py"
