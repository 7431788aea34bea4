"""One HTTP request that continues a partial file, and what its answer means."""

import email.utils
import itertools
import json
import logging
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema, TooManyRedirects

from retable.download.progress import ProgressLog
from retable.download.stand_ins import find_stand_in

logger = logging.getLogger(__name__)

CHUNK = 1 << 16
"""Bytes read at a time: what is at most lost when a connection breaks."""
EPOCH_FROM = 1_000_000_000
"""Rate-limit resets above this are a time since 1970, below it a number of seconds."""
MESSAGE_KIB = 64
"""So much of a refusal is read for what it says."""


class AddressFailed(Exception):
    """This address will not serve the file: go on to the next."""


class TryAgain(Exception):
    """A passing problem, and for how long the server asked to be left alone, if it did."""

    def __init__(self, reason: str, retry_after_s: float | None = None):
        self.retry_after_s = retry_after_s
        super().__init__(reason)


@dataclass(frozen=True)
class Length:
    """How many bytes a file has."""

    bytes: int
    exact: bool
    """Whether every server must serve just as many; else it is about so many."""

    @property
    def most(self) -> int:
        """More than this is another file."""
        return self.bytes if self.exact else 2 * self.bytes

    def fits(self, served: int | None) -> bool:
        """Whether a server that announces so many bytes may have the file."""
        return served is None or not self.exact or served == self.bytes


def validator_path(part: Path) -> Path:
    """Beside a partial file: the address it comes from, and the version it has there."""
    return part.with_name(f"{part.name}.version")


def receive(
    session: requests.Session,
    address: str,
    part: Path,
    length: Length,
    progress: ProgressLog,
    timeout_s: tuple[float, float],
) -> bool:
    """Appends to `part` what one request brings; whether it had to begin at the first byte.

    Returns when the response was whole, as far as its headers tell: without a Content-Length, and
    where the length is not exact, a body that broke off may go unnoticed.

    Raises TryAgain and AddressFailed.
    """
    have = part.stat().st_size if part.exists() else 0
    headers = _range_headers(address, part, have)
    with opened(session, address, timeout_s, headers) as response:
        chunks = response.iter_content(CHUNK)
        if response.status_code == 200:
            # Before its length is: what is served in place of a file has another.
            first = next(chunks, b"")
            if stand_in := find_stand_in(response.headers, first):
                raise AddressFailed(stand_in)
            chunks = itertools.chain([first], chunks)
        start = _first_byte(response, have, length)
        if start is None:
            part.unlink()
            raise TryAgain(f"it cannot continue from byte {have}: starting over")
        if start == 0:
            _store_version(address, part, response.headers)
        rest = _content_length(response)
        total = length.bytes if length.exact else None if rest is None else start + rest
        progress.begin(start, total)
        _append(chunks, part, start, length, total, progress)
        return start == 0


@contextmanager
def opened(
    session: requests.Session,
    address: str,
    timeout_s: tuple[float, float],
    headers: Mapping[str, str] | None = None,
) -> Iterator[requests.Response]:
    """The answer to a request, whose body is still to be read.

    A connection that fails, then or before, raises TryAgain; an address that cannot be asked
    raises AddressFailed.
    """
    try:
        with session.get(address, headers=headers, stream=True, timeout=timeout_s) as response:
            yield response
    except (MissingSchema, InvalidSchema, InvalidURL, TooManyRedirects) as error:
        raise AddressFailed(f"no usable address ({error})") from error
    except requests.RequestException as error:
        raise TryAgain(f"the connection failed ({shortened(str(error))})") from error


def refusal(response: requests.Response) -> AddressFailed | TryAgain:
    """What an answer means that does not bring what was asked for, with what its body says."""
    status = response.status_code
    message = _message(response)
    label = f"HTTP {status} {response.reason}".strip() + (f" ({message})" if message else "")
    if status in (408, 425, 429) or status >= 500:
        return TryAgain(label, seconds_to_wait(response.headers, time.time()))
    if status in (404, 410):
        return AddressFailed(
            f"{label}: there is no such file; it was moved or removed upstream, or the address is "
            "wrong. Look for the new address on the homepage and correct `urls` in the YAML file, "
            "or `source` in config.yaml where that names the server"
        )
    return AddressFailed(label)


def shortened(text: str) -> str:
    """At most 160 characters of a text of another's, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= 160 else f"{line[:159]}…"


def seconds_to_wait(headers: Mapping[str, str], now: float) -> float | None:
    """How long a server asks to wait: Retry-After (seconds or a date) or a rate limit's reset.

    `now` is the time since 1970 in seconds. None when it does not say.
    """
    after = headers.get("Retry-After", "").strip()
    if after.isdigit():
        return float(after)
    if after:
        try:
            return max(email.utils.parsedate_to_datetime(after).timestamp() - now, 0.0)
        except ValueError:
            logger.debug("Retry-After is neither seconds nor a date: %s", after)
    for name in ("X-RateLimit-Reset", "RateLimit-Reset"):
        reset = headers.get(name, "").strip()
        if reset.replace(".", "", 1).isdigit():
            value = float(reset)
            return max(value - now, 0.0) if value > EPOCH_FROM else value
    return None


def _message(response: requests.Response) -> str:
    """What a refusal says, where its body is JSON with a `message`, in a few words."""
    try:
        content = json.loads(b"".join(itertools.islice(response.iter_content(1024), MESSAGE_KIB)))
    except (requests.RequestException, ValueError):
        # The status says enough.
        return ""
    message = content.get("message") if isinstance(content, dict) else None
    return shortened(message) if isinstance(message, str) else ""


def _first_byte(response: requests.Response, have: int, length: Length) -> int | None:
    """Position of the first byte that the response brings; None where it must be asked anew.

    Raises TryAgain and AddressFailed where it brings nothing of use.
    """
    status = response.status_code
    if have and status in (206, 416):
        start, of = _content_range(response.headers.get("Content-Range", ""))
        if not length.fits(of):
            raise AddressFailed(f"it serves {of} bytes, expected {length.bytes}")
        return have if status == 206 and start == have else None
    if status == 200:
        served = _content_length(response)
        if not length.fits(served):
            raise AddressFailed(f"it serves {served} bytes, expected {length.bytes}")
        return 0
    raise refusal(response)


def _append(
    chunks: Iterable[bytes],
    part: Path,
    start: int,
    length: Length,
    total: int | None,
    progress: ProgressLog,
) -> None:
    size = start
    with part.open("ab" if start else "wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > length.most:
                part.unlink()
                raise AddressFailed(f"it serves more than the expected {length.bytes} bytes")
            file.write(chunk)
            progress.update(size)
    if total is not None and size < total:
        raise TryAgain(f"the connection ended after {size} of {total} bytes")


def _content_length(response: requests.Response) -> int | None:
    value = response.headers.get("Content-Length", "")
    return int(value) if value.isdigit() else None


def _range_headers(address: str, part: Path, have: int) -> dict[str, str]:
    """Asks for the rest; for the whole where the file has changed since the first bytes came."""
    if not have:
        return {}
    headers = {"Range": f"bytes={have}-"}
    version = validator_path(part)
    if version.exists():
        origin, _, validator = version.read_text().partition("\n")
        if origin == address and validator:
            headers["If-Range"] = validator
    return headers


def _store_version(address: str, part: Path, headers: Mapping[str, str]) -> None:
    entity_tag = headers.get("ETag", "")
    # A weak tag may stand for other bytes: HTTP forbids it in If-Range (RFC 9110, 13.1.5).
    strong = entity_tag if entity_tag.startswith('"') else headers.get("Last-Modified", "")
    validator_path(part).write_text(f"{address}\n{strong}")


def _content_range(value: str) -> tuple[int | None, int | None]:
    """First byte and size of the whole, from `bytes 5-9/10` or `bytes */10`."""
    match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", value.strip())
    if not match:
        return None, None
    start, of = match.groups()
    return (int(start) if start else None, int(of) if of != "*" else None)
