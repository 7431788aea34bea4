"""Patience with servers: what did not work is tried again, after ever longer waits."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import requests

from retable.download.request import AddressFailed, TryAgain, opened, refusal

logger = logging.getLogger(__name__)

ATTEMPTS = 6
"""Attempts in a row without a new byte, after which an address is given up."""
LONGEST_BACK_OFF_S = 60.0
LONGEST_WAIT_S = 900.0
"""A server that says when to come back is believed up to this."""
TIMEOUT_S = (20.0, 60.0)
"""Patience for a connection, and for the next bytes."""

T = TypeVar("T")


@dataclass(frozen=True)
class Connection:
    """How addresses are asked."""

    session: requests.Session
    attempts: int
    wait: Callable[[float], object]
    """Sleeps for so many seconds."""
    timeout_s: tuple[float, float]


@contextmanager
def connect(
    attempts: int = ATTEMPTS,
    wait: Callable[[float], object] = time.sleep,
    timeout_s: tuple[float, float] = TIMEOUT_S,
) -> Iterator[Connection]:
    """A connection for one thread; those to servers are closed at its end."""
    with requests.Session() as session:
        # Archives, audio and weights are compressed as far as they can be: another encoding would
        # spoil sizes and ranges.
        session.headers.update({"Accept-Encoding": "identity", "User-Agent": "retable"})
        yield Connection(session, attempts, wait, timeout_s)


def keep_trying(
    request: Callable[[], T],
    address: str,
    connection: Connection,
    arrived: Callable[[], int] = lambda: 0,
) -> T:
    """What `request` returns once it no longer raises TryAgain.

    Waits 1, 2, 4, … seconds, or as long as the server asks. Raises AddressFailed after so many
    attempts in a row, none of which brought anything: `arrived` counts the bytes that are there.
    """
    furthest, failed = arrived(), 0
    while True:
        try:
            return request()
        except TryAgain as problem:
            # What got further than ever before counts as a success: a poor line still finishes.
            failed = 1 if arrived() > furthest else failed + 1
            furthest = max(furthest, arrived())
            if failed >= connection.attempts:
                raise AddressFailed(f"{problem} ({failed} attempts)") from problem
            _pause(address, problem, failed, connection.wait)


def read_answer(address: str, connection: Connection) -> requests.Response:
    """The answer of an address with its body, be it a success or a refusal for good.

    Raises AddressFailed.
    """

    def request() -> requests.Response:
        with opened(connection.session, address, connection.timeout_s) as response:
            _ = response.content  # Reads it, while there is a connection.
            if not response.ok and isinstance(problem := refusal(response), TryAgain):
                raise problem
            return response

    return keep_trying(request, address, connection)


def _pause(address: str, problem: TryAgain, failed: int, wait: Callable[[float], object]) -> None:
    if problem.retry_after_s is None:
        seconds = min(2.0 ** (failed - 1), LONGEST_BACK_OFF_S)
    else:
        seconds = min(problem.retry_after_s, LONGEST_WAIT_S)
        if seconds < problem.retry_after_s:
            logger.warning("%s asks to wait %.0f s", address, problem.retry_after_s)
    logger.warning("%s: %s; trying again in %.0f s", address, problem, seconds)
    wait(seconds)
