"""What may be said about a reproduced value beside the published one."""

from decimal import Decimal

from retable.spec.paper import Comparability

_ANALOGUE = "analogue, not comparable with the paper"
TITLE_NOTES: dict[Comparability, str] = {
    "comparable": "",
    "simulated": "simulated audio: not comparable with the paper",
    "partial": "partial corpus: not comparable with the paper",
    "analogue": _ANALOGUE,
    "simulated analogue": f"{_ANALOGUE}; simulated audio",
    "partial analogue": f"{_ANALOGUE}; partial corpus",
}
NOT_COMPARABLE: dict[Comparability, str] = {
    "simulated": "not comparable",
    "partial": "not comparable (partial corpus)",
    "analogue": "not comparable (analogue)",
    "simulated analogue": "not comparable",
    "partial analogue": "not comparable (partial corpus)",
}
CITED = "cited"
NOT_REPRODUCED = "not reproduced"
NOT_PRINTED = "not in the paper"
DATA_MISSING = "data missing"


def result_verdict(
    published: str,
    reproduced: str,
    sd: float | None,
    variant: str,
    comparability: Comparability,
) -> str:
    """Judge a reproduced result, both values as printed.

    Within the standard deviation, or within one unit of the last printed digit (papers truncate
    as well as round), counts as agreement; without a standard deviation only the latter does,
    and the verdict is `as printed`.
    """
    if not published:
        return NOT_PRINTED
    if comparability in NOT_COMPARABLE:
        return NOT_COMPARABLE[comparability]
    if variant != "paper":
        return "not comparable (other protocol)"
    difference = Decimal(reproduced) - Decimal(published)
    last_digit = Decimal(1).scaleb(-decimals_of(published))
    if abs(difference) <= max(last_digit, Decimal(repr(sd or 0.0))):
        return "as printed" if sd is None else "within 1 sd"
    return "above" if difference > 0 else "below"


def setting_verdict(published: str, reproduced: str) -> str:
    """Judge a setting: equal text, or not."""
    return "as printed" if published == reproduced else "differs"


def mean_verdict(published: str, reproduced: str, comparability: Comparability) -> str:
    """Judge a mean over the clips of corpora, rounded to the decimals that the paper prints.

    Other corpora, or a part of them, say nothing about it; an analogue of the paper does, as far
    as it has the corpora that the paper speaks of.
    """
    if comparability not in ("comparable", "analogue"):
        return NOT_COMPARABLE[comparability]
    rounded = print_number(float(reproduced), decimals_of(published))
    return setting_verdict(published, rounded)


def derived_verdict(published: str, reproduced: str, comparability: Comparability) -> str:
    """Judge what follows from results, such as which of them is best: equal text, or not."""
    return NOT_COMPARABLE.get(comparability) or setting_verdict(published, reproduced)


def is_not_comparable(verdict: str) -> bool:
    """Whether a verdict says that there can be none."""
    return verdict.startswith("not comparable")


def decimals_of(number: str) -> int:
    """Count the printed decimals: 2 for `60.00`, 0 for `48`."""
    return len(number.partition(".")[2])


def print_number(value: float, decimals: int) -> str:
    """Print a number with fixed decimals, never as `-0.00`."""
    # Scores are ratios of counts: 38.75 must not print as 38.7 for coming as 38.7499999999999.
    text = f"{round(value, 9):.{decimals}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text


def print_difference(published: str, reproduced: str) -> str:
    """Signed difference of two printed numbers, in their unit: `+1.25`, `-0.4`, `0.00`.

    Empty where nothing is published.
    """
    if not published:
        return ""
    difference = Decimal(reproduced) - Decimal(published)
    return f"{difference:+f}" if difference else str(abs(difference))
