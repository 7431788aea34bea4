# Features in a packed store; each shard is a job, made from the audio shard of the same number.
rule extract_features:
    input:
        audio=lambda wc: (
            f"{RESULTS}/audio/{wc.dataset}/{PLAN.feature(wc.feature).sample_rate}/"
            f"shard{wc.shard}.npy"
        ),
    output:
        data="<results>/features/{feature}/{dataset}/shard{shard}.npy",
        index="<results>/features/{feature}/{dataset}/shard{shard}.json",
    log:
        "<logs>/features/{feature}/{dataset}/shard{shard}.log",
    benchmark:
        "<benchmarks>/features/{feature}/{dataset}/shard{shard}.tsv"
    conda:
        ENVIRONMENT
    params:
        feature=lambda wc: PLAN.feature(wc.feature).canonical(),
        code=lambda wc: PLAN.feature_code("extract_features.py", wc.feature),
    script:
        "../scripts/extract_features.py"


# What a figure shows of the audio itself, so that drawing it needs none.
rule examples:
    input:
        dataset=lambda wc: dataset_file(shown_experiment(wc).dataset),
        audio=shown_audio,
    output:
        examples="<results>/examples/{paper}/{figure}.npz",
    log:
        "<logs>/examples/{paper}/{figure}.log",
    benchmark:
        "<benchmarks>/examples/{paper}/{figure}.tsv"
    wildcard_constraints:
        figure=any_of(figures_that_draw("examples")),
    conda:
        ENVIRONMENT
    params:
        clips=lambda wc: (
            PLAN.papers[wc.paper].figures[wc.figure].example_clips().canonical()
        ),
        feature=lambda wc: shown_experiment(wc).feature.canonical(),
        code=PLAN.code("examples.py"),
    script:
        "../scripts/examples.py"
