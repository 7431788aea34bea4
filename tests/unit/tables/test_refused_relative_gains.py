"""Rows of relative gains that do not go with their table."""

import pytest
from pydantic import ValidationError

from emotion_table import GAIN, MEAN, OF_PAPER, TABLE_3, build, write_scores
from retable.errors import ConfigError
from retable.spec.table import Reading, Table
from sample_results import published_file


def altered(**changes):
    """Table 3 with another row `+`."""
    gain = GAIN.model_copy(update=changes)
    return TABLE_3.model_copy(update={"relative_gains": {"+": gain}})


def write_published(folder, text):
    """A file of published numbers in the paper's folder."""
    path = folder / "vggvox_mtl" / "published.csv"
    path.parent.mkdir()
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"printed_as": "improvement"},
            r"published \+ / ANG / relative improvement has no cell .nearest: \+ / ANG / impr",
        ),
        ({"of_printed": True}, r"'\+' is published, but of_printed makes it a row of ours; drop"),
        ({"over": MEAN}, r"the published \+ / ANG / relative improvement has no cell"),
    ],
)
def test_a_published_gain_follows_from_cells_of_its_column(tmp_path, scored, changes, message):
    with pytest.raises(ConfigError, match=message):
        build(tmp_path, scored, altered(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"relative_gains": {}}, r"the published \+ / ANG / relative improvement has no cell"),
        (
            {"relative_gains": {"+ ": GAIN}},
            r"\+ / ANG / relative improvement has no cell .nearest: \+  / ANG / relative",
        ),
        ({"extra": (MEAN, "+")}, r"extra names no row '\+'"),
        (
            {
                "relative_gains": {
                    "+": GAIN, "empty": GAIN.model_copy(update={"over": MEAN, "of_printed": True})
                }
            },
            f"the gain 'empty' has no column: in none have both 'MTL' and '{MEAN}' a number",
        ),
    ],
)  # fmt: skip
def test_rows_of_gains_are_matched_with_the_table(tmp_path, scored, changes, message):
    with pytest.raises(ConfigError, match=message):
        build(tmp_path, scored, TABLE_3.model_copy(update=changes))


def test_a_gain_is_printed_in_every_column_or_in_none(tmp_path, scored):
    lines = published_file("vggvox_mtl").read_text().splitlines(keepends=True)
    text = "".join(line for line in lines if ",3,+,DIS," not in line)
    with pytest.raises(ConfigError, match=r"the gain \+ / DIS / relative improvement is not publ"):
        build(tmp_path, scored, published=write_published(tmp_path, text))


def test_a_published_gain_is_a_number(tmp_path, scored):
    gain = "3,+,DIS,relative improvement,"
    text = published_file("vggvox_mtl").read_text().replace(f"{gain}16.2", f"{gain}x")
    with pytest.raises(ConfigError, match=r"\+ / DIS .*\n.*the published value 'x' is no number"):
        build(tmp_path, scored, published=write_published(tmp_path, text))


def test_standard_deviations_have_no_gains(tmp_path):
    spread = {"accuracy": TABLE_3.metrics["accuracy"].model_copy(update={"statistic": "sd"})}
    table = TABLE_3.model_copy(update={"metrics": spread})
    repeated = {name: {0: runs[0], 1: runs[0]} for name, runs in OF_PAPER.items()}
    with pytest.raises(ConfigError, match="between values, not between standard deviations"):
        build(tmp_path, write_scores(tmp_path, repeated), table)


def test_what_is_read_from_settings_has_no_gains():
    reading = Reading(source="split", experiment="SC-MTL-A", key="counts")
    with pytest.raises(ValidationError, match="has no experiments, relative_gains, extra or clean"):
        Table(
            title="Clips", reading=reading, rows={}, columns={}, metrics={},
            relative_gains={"+": GAIN},
        )  # fmt: skip
