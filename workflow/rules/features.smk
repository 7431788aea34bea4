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
