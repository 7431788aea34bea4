"""Writes the numbers of a paper's running text."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.logs import job_log
from retable.spec.table import TextRow
from retable.tables.files import write_text_tables
from retable.tables.results import source_paths

with job_log(snakemake.log[0]):
    params = snakemake.params
    papers = Path(snakemake.scriptdir).parent / "papers"
    write_text_tables(
        [TextRow.model_validate_json(row) for row in params.rows],
        published=papers / snakemake.wildcards.paper / "published.csv",
        scores=dict(zip(params.experiments, map(Path, snakemake.input.scores), strict=True)),
        sources=source_paths(params.sources),
        parameters=params.parameters,
        missing=params.missing,
        comparability=params.comparability,
        note=params.note,
        **{name: Path(path) for name, path in snakemake.output.items()},
    )
