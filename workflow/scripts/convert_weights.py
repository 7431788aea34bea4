"""Turns published weights into tensors under the names of today's network."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.logs import job_log
from retable.spec.remote_file import RemoteFile
from retable.weights.convert import convert_weights, write_origin

with job_log(snakemake.log[0]):
    published, weights = Path(snakemake.input.published), Path(snakemake.output.weights)
    file = RemoteFile.model_validate_json(snakemake.params.file)
    convert_weights(published, file, snakemake.wildcards.architecture, weights)
    write_origin(
        published,
        Path(snakemake.input.checksum),
        weights,
        file,
        dict(snakemake.wildcards.items()),
        Path(snakemake.output.origin),
    )
