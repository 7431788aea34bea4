"""What may be said about a reproduced value beside the published one."""

from decimal import Decimal

from retable.spec.paper import Comparability

TITLE_NOTES: dict[Comparability, str] = {
    "comparable": "",
    "simulated": "simulated audio: not comparable with the paper",
    "partial": "partial corpus: not comparable with the paper",
}
CITED = "cited"
NOT_REPRODUCED = "not reproduced"


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
    if comparability == "simulated":
        return "not comparable"
    if comparability == "partial":
        return "not comparable (partial corpus)"
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


def decimals_of(number: str) -> int:
    """Count the printed decimals: 2 for `60.00`, 0 for `48`."""
    return len(number.partition(".")[2])


def print_number(value: float, decimals: int) -> str:
    """Print a number with fixed decimals, never as `-0.00`."""
    text = f"{value:.{decimals}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text


def print_difference(published: str, reproduced: str) -> str:
    """Signed difference of two printed numbers, in their unit: `+1.25`, `-0.4`, `0.00`."""
    difference = Decimal(reproduced) - Decimal(published)
    return f"{difference:+f}" if difference else str(abs(difference))
