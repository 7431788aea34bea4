"""Writes the numbers of a paper's running text."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.logs import job_log
from retable.spec.paper import TextRow
from retable.tables.files import write_text_tables

with job_log(snakemake.log[0]):
    params = snakemake.params
    papers = Path(snakemake.scriptdir).parent / "papers"
    write_text_tables(
        [TextRow.model_validate_json(row) for row in params.rows],
        published=papers / snakemake.wildcards.paper / "published.csv",
        scores=dict(zip(params.experiments, map(Path, snakemake.input.scores), strict=True)),
        sources={
            name: {source: [Path(file) for file in files] for source, files in built.items()}
            for name, built in params.sources.items()
        },
        parameters=params.parameters,
        comparability=params.comparability,
        **{name: Path(path) for name, path in snakemake.output.items()},
    )
