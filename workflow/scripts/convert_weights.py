"""Turns published weights into tensors under the names of today's network."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.logs import job_log
from retable.spec.corpus import RemoteFile
from retable.weights.convert import convert_weights, write_origin

with job_log(snakemake.log[0]):
    published = Path(snakemake.input.published)
    file = RemoteFile.model_validate_json(snakemake.params.file)
    architecture = snakemake.wildcards.architecture
    convert_weights(published, file, architecture, Path(snakemake.output.weights))
    write_origin(
        published,
        Path(snakemake.input.checksum),
        file,
        snakemake.params.facts,
        Path(snakemake.output.origin),
    )
