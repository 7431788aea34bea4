# Decoded, resampled audio in a packed store, mono or stereo; each shard is a job.
rule resample:
    input:
        clip_folders=lambda wc: clip_folders(corpus_of(wc.dataset)),
        dataset=lambda wc: dataset_file(wc.dataset),
    output:
        data="<results>/audio/{dataset}/{rate}-{layout}/shard{shard}.npy",
        index="<results>/audio/{dataset}/{rate}-{layout}/shard{shard}.json",
    log:
        "<logs>/audio/{dataset}/{rate}-{layout}/shard{shard}.log",
    benchmark:
        "<benchmarks>/audio/{dataset}/{rate}-{layout}/shard{shard}.tsv"
    conda:
        ENVIRONMENT
    params:
        root=lambda wc: clip_root(corpus_of(wc.dataset)),
        shards=lambda wc: len(PLAN.shards(wc.dataset)),
        code=PLAN.code("resample.py"),
    script:
        "../scripts/resample.py"
