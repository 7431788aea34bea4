# Scores of experiments, fusions and verifications from their predictions, and the latter two.
rule fuse:
    input:
        lambda wc: flattened(fusion_members(wc)),
    output:
        predictions="<results>/fusions/{paper}/{fusion}/{variant}/predictions.parquet",
        audit="<results>/fusions/{paper}/{fusion}/{variant}/audit.tsv",
        sizes="<results>/fusions/{paper}/{fusion}/{variant}/sizes.tsv",
        facts="<results>/fusions/{paper}/{fusion}/{variant}/fusion.json",
    log:
        "<logs>/fuse/{paper}/{fusion}-{variant}.log",
    benchmark:
        "<benchmarks>/fuse/{paper}/{fusion}-{variant}.tsv"
    conda:
        ENVIRONMENT
    params:
        fusion=lambda wc: PLAN.fusions[wc.paper, wc.fusion, wc.variant].canonical(),
        members=fusion_members,
        code=PLAN.code("fuse.py"),
    script:
        "../scripts/fuse.py"


# Whether two clips are of one speaker, from what trained networks say of each.
rule verify:
    input:
        unpack(verifying_files),
    output:
        predictions="<results>/verifications/{paper}/{verification}/{variant}/predictions.parquet",
        runs="<results>/verifications/{paper}/{verification}/{variant}/runs.tsv",
        roc="<results>/verifications/{paper}/{verification}/{variant}/roc.tsv",
    log:
        "<logs>/verify/{paper}/{verification}-{variant}.log",
    benchmark:
        "<benchmarks>/verify/{paper}/{verification}-{variant}.tsv"
    conda:
        ENVIRONMENT
    params:
        verification=lambda wc: verification_of(wc).canonical(),
        code=PLAN.code("verify.py"),
    script:
        "../scripts/verify.py"


# All variants of an experiment or fusion together.
rule score:
    input:
        unpack(predictions_by_variant),
    output:
        scores="<results>/scores/{paper}/{scored}.tsv",
        confusion="<results>/scores/{paper}/{scored}-confusion.tsv",
    log:
        "<logs>/score/{paper}/{scored}.log",
    benchmark:
        "<benchmarks>/score/{paper}/{scored}.tsv"
    conda:
        ENVIRONMENT
    params:
        poolings=lambda wc: PLAN.poolings(wc.paper, wc.scored),
        code=PLAN.code("score.py"),
    script:
        "../scripts/score.py"
