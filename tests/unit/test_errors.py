import pytest

from retable.errors import listed


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a, b"),
        (["a", "b", "c"], "a, b and 1 more"),
        ([1, 2, 3, 4, 5], "1, 2 and 3 more"),
    ],
)
def test_a_long_list_is_cut_and_says_by_how_much(names, text):
    assert listed(names, most=2) == text


def test_clauses_have_their_separator_before_the_count_too():
    faults = ["a is short", "b is short", "c is short"]
    assert listed(faults, most=2, separator="; ") == "a is short; b is short; and 1 more"
    assert (
        listed(faults, most=2, separator="\n  - ") == "a is short\n  - b is short\n  - and 1 more"
    )
