# Published weights, from where they are published to tensors that a network starts from.
wildcard_constraints:
    weights=any_of(PLAN.project.weights),
    stored=any_of(PLAN.stored_weights()),
    architecture=any_of(PLAN.architectures()),


rule download_weights:
    output:
        published="<results>/weights/{weights}/{stored}",
        checksum="<results>/weights/{weights}/{stored}.sha256",
    log:
        "<logs>/weights/{weights}/{stored}.log",
    benchmark:
        "<benchmarks>/weights/{weights}/{stored}.tsv"
    conda:
        ENVIRONMENT
    resources:
        downloads=1,
    params:
        identity=lambda wc: PLAN.weights_identity(wc.weights, wc.stored),
    script:
        "../scripts/download_weights.py"


rule convert_weights:
    input:
        published=lambda wc: ancient(weights_file(wc)),
        checksum=lambda wc: f"{weights_file(wc)}.sha256",
    output:
        weights="<results>/weights/{weights}/{architecture}.safetensors",
        origin="<results>/weights/{weights}/{architecture}.json",
    log:
        "<logs>/weights/{weights}/{architecture}.log",
    benchmark:
        "<benchmarks>/weights/{weights}/{architecture}.tsv"
    conda:
        ENVIRONMENT
    params:
        file=lambda wc: PLAN.published_file(wc.weights, wc.architecture).canonical(),
        code=PLAN.code("convert_weights.py"),
    script:
        "../scripts/convert_weights.py"
