"""Verifications, rows of relative gains, and lists that a paper keeps in a table beside it."""

import pytest

COMPARED = {
    "title": "One actor or two",
    "experiment": "NET",
    "task": "emotion",
    "decision": "cosine",
    "pairs": 100,
    "seed": 1,
}
GAIN = {"of": "after", "over": "before", "metric": "accuracy", "printed_as": "gain"}
TABLE = {
    "title": "Gains",
    "rows": {"before": {"experiment": "NET"}, "after": {"experiment": "NET"}},
    "columns": {"all": {"task": "emotion"}},
    "metrics": {"accuracy": {"metric": "accuracy"}},
}


@pytest.fixture
def verified(edit):
    """Lays fields over a verification of the experiment NET, which keeps its embeddings."""

    def write(**changes: object) -> None:
        edit("papers/waves/paper.yaml", experiments={"NET": {"embed": True}})
        edit("papers/waves/paper.yaml", verifications={"SAME": COMPARED | changes})

    return write


def test_a_verification_has_variants_and_scores_like_a_fusion(verified, edit, read):
    verified(variants={"paper": {"decision": "same_class"}, "clean": {}})
    cell = {"experiment": "SAME", "task": "same_speaker", "metric": "accuracy"}
    row = {"row": "same", "column": "or not", "metric": "accuracy", "cell": cell}
    edit("papers/waves/paper.yaml", text=[row])
    paper = read().papers["waves"]
    decisions = {name: one.decision for name, one in paper.verifications["SAME"].items()}
    assert decisions == {"paper": "same_class", "clean": "cosine"}
    assert "SAME" in paper.scored_names


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"experiment": "NT"}, "experiment: no experiment 'NT'; did you mean 'NET'?"),
        ({"task": "speaker"}, "task: NET has no task 'speaker'; it has emotion"),
        ({"pairs": 101}, "pairs is 101, and half are of one speaker; make it even"),
    ],
)
def test_what_a_verification_asks_of_its_experiment(verified, faults, change, fault):
    verified(**change)
    (found,) = faults()
    assert found.startswith("papers.waves.verifications.SAME") and found.endswith(fault)


def test_embeddings_must_be_kept_to_be_compared(edit, read, faults):
    edit("papers/waves/paper.yaml", verifications={"SAME": COMPARED})
    assert faults() == [
        "papers.waves.verifications.SAME.experiment: NET keeps no embeddings; set its embed: true"
    ]
    edit("papers/waves/paper.yaml", verifications={"SAME": {"decision": "same_class"}})
    assert read().papers["waves"].verifications["SAME"]


def test_a_verification_has_a_name_of_its_own(edit, faults):
    edit("papers/waves/paper.yaml", experiments={"NET": {"embed": True}})
    edit("papers/waves/paper.yaml", verifications={"NET": COMPARED})
    assert faults() == [
        "papers.waves.verifications.NET: an experiment or fusion has this name too; rename one"
    ]


def test_a_row_of_gains_names_rows_and_a_metric_of_its_table(edit, read, faults):
    edit("papers/waves/paper.yaml", tables={"1": TABLE | {"relative_gains": {"+": GAIN}}})
    assert read().papers["waves"].tables["1"].relative_gains["+"].over == "before"
    wrong = GAIN | {"over": "befor", "metric": "accurcy"}
    edit("papers/waves/paper.yaml", tables={"1": {"relative_gains": {"+": wrong}}})
    assert faults() == [
        "papers.waves.tables.1.relative_gains.+.over: no row 'befor'; did you mean 'before'?",
        "papers.waves.tables.1.relative_gains.+.metric: no metric 'accurcy'; did you mean "
        "'accuracy'?",
    ]


def test_a_row_of_gains_is_none_of_the_other_rows(edit, faults):
    edit("papers/waves/paper.yaml", tables={"1": TABLE | {"relative_gains": {"after": GAIN}}})
    assert faults() == [
        "papers.waves.tables.1.relative_gains.after: `rows` has this row too; rename one"
    ]


def test_a_clean_row_is_a_row_or_a_row_of_gains(edit, faults):
    table = TABLE | {"relative_gains": {"more": GAIN}, "clean": ["mor"]}
    edit("papers/waves/paper.yaml", tables={"1": table})
    assert faults() == ["papers.waves.tables.1.clean: no row 'mor'; did you mean 'more'?"]


def test_a_clean_row_of_gains_needs_clean_variants_of_both_rows(edit, read, faults):
    rows = {"before": {"experiment": "NET"}, "after": {"experiment": "OTHER"}}
    clean = {"variants": {"paper": {}, "clean": {}}}
    table = TABLE | {"rows": rows, "relative_gains": {"+": GAIN}, "clean": ["+"]}
    edit("papers/waves/paper.yaml", experiments={"OTHER": {"extends": "NET"} | clean})
    edit("papers/waves/paper.yaml", tables={"1": table})
    assert faults() == ["papers.waves.tables.1.clean: experiment NET has no variant 'clean'"]
    edit("papers/waves/paper.yaml", experiments={"NET": clean})
    assert read().papers["waves"].tables["1"].clean == ("+",)
    printed = {"relative_gains": {"+": {"of_printed": True}}}
    edit("papers/waves/paper.yaml", tables={"1": printed})
    assert faults() == [
        "papers.waves.tables.1.clean: '+' compares printed numbers, which have no variant 'clean'; "
        "leave it out"
    ]


def test_all_variants_of_an_experiment_keep_their_embeddings_or_none(edit, faults):
    variants = {"paper": {}, "clean": {"embed": True}}
    edit("papers/waves/paper.yaml", experiments={"NET": {"variants": variants}})
    assert faults() == [
        "papers.waves.experiments.NET.embed: true in variant clean alone; set it for the "
        "experiment, outside of `variants`"
    ]


def test_a_split_may_name_the_clips_of_a_table_beside_the_paper(workflow, edit, read):
    table = "speaker\trole\n01\ttrain\n02\ttest\n03\ttrain\n"
    (workflow / "papers" / "waves" / "actors.tsv").write_text(table, encoding="utf-8")
    roles = {
        role: {"speaker": {"table": "actors.tsv", "column": "speaker", "where": {"role": role}}}
        for role in ("train", "test")
    }
    edit("papers/waves/paper.yaml", splits={"frozen": {"kind": "official", "roles": [roles]}})
    edit("papers/waves/paper.yaml", experiments={"NET": {"split": "frozen"}})
    (one,) = read().papers["waves"].experiments["NET"]["paper"].inputs
    assert one.split.roles[0]["train"] == {"speaker": ["01", "03"]}
