"""Prints the frozen table actors.tsv: which actors of CREMA-D train and which test.

The paper does not publish them; `retable.splits.actor_search` tells how they are chosen.
"""

import argparse
import sys
from pathlib import Path

WORKFLOW = Path(__file__).resolve().parents[2]
# The package lies in the workflow and is not installed.
sys.path.insert(0, str(WORKFLOW))

from retable.splits.actor_search import (  # noqa: E402
    actor_table,
    clips_by_actor,
    read_actors,
    search_test_actors,
)

CORPORA = WORKFLOW / "corpora"


def main() -> None:
    """Searches for the test actors, as the arguments say, and prints the table of all actors."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument(
        "--actors",
        type=Path,
        default=CORPORA / "crema_d-actors.tsv",
        help="table of speaker, age, sex, race, ethnicity",
    )
    parser.add_argument(
        "--files",
        type=Path,
        default=CORPORA / "crema_d-files.tsv",
        help="table of upstream's files, whose clips are counted",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the random starts of the search")
    arguments = parser.parse_args()
    actors, clips = read_actors(arguments.actors), clips_by_actor(arguments.files)
    chosen = search_test_actors(actors, clips, seed=arguments.seed)
    table = actor_table(actors, clips, chosen)
    print(table.to_csv(sep="\t", index=False, lineterminator="\n"), end="")


if __name__ == "__main__":
    main()
