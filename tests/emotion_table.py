"""Table 3 of vggvox_mtl, whose row `+` is the relative gain of one row over another."""

from retable.spec.table import Cell, RelativeGain, Table
from retable.tsv import write_tsv
from sample_results import matrix_scores
from sample_tables import build_table

EMOTIONS = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")
GAIN = RelativeGain(of="MTL", over="EMO", metric="accuracy", printed_as="relative improvement")
MEAN = "EMO, mean of classes"
PRINTED = "+ of the printed accuracies"
TABLE_3 = Table(
    title="Accuracy by emotion",
    rows={
        "EMO": Cell(experiment="SC-EMO-A"),
        "MTL": Cell(experiment="SC-MTL-A"),
        MEAN: Cell(),
    },
    columns={**dict.fromkeys(EMOTIONS, Cell(metric="recall")), "TOTAL": Cell()},
    metrics={"accuracy": Cell(task="emotion", aggregate="pooled")},
    cells={
        "EMO": {"TOTAL": Cell(metric="accuracy")},
        "MTL": {"TOTAL": Cell(metric="accuracy")},
        MEAN: {"TOTAL": Cell(experiment="SC-EMO-A", metric="uar")},
    },
    relative_gains={"+": GAIN, PRINTED: GAIN.model_copy(update={"of_printed": True})},
    extra=(MEAN,),
    row_title="Learnt",
    row_titles={"EMO": "Emotion alone", "+": "Gain (%)", PRINTED: "Gain of the printed (%)"},
    column_titles={"TOTAL": "All"},
)
# Of a thousand clips of each emotion, as many are right as the paper's recalls say.
RIGHT = {
    "SC-EMO-A": (645, 371, 328, 431, 422, 473),
    "SC-MTL-A": (725, 435, 420, 456, 518, 533),
}
OF_PAPER = {name: {0: dict(zip(EMOTIONS, counts, strict=True))} for name, counts in RIGHT.items()}


def matrix(right):
    """Counts of a run with so many clips of a thousand right, the others taken for the next one."""
    return [
        [
            right[true] if true == taken else (1000 - right[true]) * ((i + 1) % 6 == j)
            for j, taken in enumerate(EMOTIONS)
        ]
        for i, true in enumerate(EMOTIONS)
    ]


def write_scores(folder, right=OF_PAPER, clean=()):
    """Scores and confusions: experiment -> repeat -> emotion -> right clips of a thousand."""
    paths = {"scores": {}, "confusions": {}}
    for name, by_repeat in right.items():
        matrices = {(repeat, 0): matrix(counts) for repeat, counts in by_repeat.items()}
        for kind, table in zip(
            paths, matrix_scores(matrices, EMOTIONS, task="emotion"), strict=True
        ):
            path = folder / f"{name}-{kind}.tsv"
            table = table.assign(variant="clean") if name in clean else table
            write_tsv(table, path)
            paths[kind][name] = path
    return paths


def build(folder, scored, table=TABLE_3, **more):
    """Long form, Markdown and LaTeX of Table 3."""
    return build_table(folder, table, "vggvox_mtl", "3", **{**scored, **more})


def of_row(long_form, row, variant="paper"):
    return long_form[(long_form["row"] == row) & (long_form["variant"] == variant)]
