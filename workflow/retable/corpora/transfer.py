"""One HTTP request that continues a partial file, and what its answer means."""

import email.utils
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import requests
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema, TooManyRedirects

logger = logging.getLogger(__name__)

CHUNK = 1 << 16
"""Bytes read at a time: what is at most lost when a connection breaks."""
PROGRESS_EVERY_S = 5.0
EPOCH_FROM = 1_000_000_000
"""Rate-limit resets above this are a time since 1970, below it a number of seconds."""


class AddressFailed(Exception):
    """This address will not serve the archive: go on to the next."""


class TryAgain(Exception):
    """A passing problem, and for how long the server asked to be left alone, if it did."""

    def __init__(self, reason: str, retry_after_s: float | None = None):
        self.retry_after_s = retry_after_s
        super().__init__(reason)


@dataclass(frozen=True)
class Length:
    """How many bytes an archive has."""

    bytes: int
    exact: bool
    """Whether every server must serve just as many; else it is about so many."""

    @property
    def most(self) -> int:
        """More than this is another file."""
        return self.bytes if self.exact else 2 * self.bytes

    def fits(self, served: int | None) -> bool:
        """Whether a server that announces so many bytes may have the archive."""
        return served is None or not self.exact or served == self.bytes


class ProgressLog:
    """Logs MB, rate and, where the length is known, percentage and time left, every few seconds."""

    def __init__(self, name: str):
        self._name = name
        self._logged_at = self._started_at = time.monotonic()
        self._started_with: int | None = None
        self._total: int | None = None

    def begin(self, size: int, total: int | None) -> None:
        """A request starts with so many bytes in place: rates count from here."""
        self._started_with, self._started_at, self._total = size, time.monotonic(), total

    def update(self, size: int) -> None:
        """So many bytes are in place now."""
        now = time.monotonic()
        if now - self._logged_at < PROGRESS_EVERY_S or self._started_with is None:
            return
        self._logged_at = now
        rate = max(size - self._started_with, 1) / max(now - self._started_at, 1e-6)
        done, left = f"{size / 1e6:.1f} MB", ""
        if self._total is not None:
            percent = 100 * size / self._total
            done = f"{size / 1e6:.1f} of {self._total / 1e6:.1f} MB ({percent:.0f} %)"
            minutes, seconds = divmod(round((self._total - size) / rate), 60)
            left = f", {minutes}:{seconds:02d} min left"
        logger.info("%s: %s, %.1f MB/s%s", self._name, done, rate / 1e6, left)


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
    try:
        with session.get(
            address, headers=_range_headers(address, part, have), stream=True, timeout=timeout_s
        ) as response:
            start = _first_byte(response, have, length)
            if start is None:
                part.unlink()
                raise TryAgain(f"it cannot continue from byte {have}: starting over")
            if start == 0:
                _store_version(address, part, response.headers)
            _append(response, part, start, length, progress)
            return start == 0
    except (MissingSchema, InvalidSchema, InvalidURL, TooManyRedirects) as error:
        raise AddressFailed(f"no usable address ({error})") from error
    except requests.RequestException as error:
        raise TryAgain(f"the connection failed ({_short(error)})") from error


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


def _first_byte(response: requests.Response, have: int, length: Length) -> int | None:
    """Position of the first byte that the response brings; None where it must be asked anew.

    Raises TryAgain and AddressFailed where it brings nothing of use.
    """
    status = response.status_code
    label = f"HTTP {status} {response.reason}".strip()
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
    if status in (408, 425, 429) or status >= 500:
        raise TryAgain(label, seconds_to_wait(response.headers, time.time()))
    raise AddressFailed(label)


def _append(
    response: requests.Response, part: Path, start: int, length: Length, progress: ProgressLog
) -> None:
    rest = _content_length(response)
    total = length.bytes if length.exact else None if rest is None else start + rest
    size = start
    progress.begin(size, total)
    with part.open("ab" if start else "wb") as file:
        for chunk in response.iter_content(CHUNK):
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


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 160 else f"{text[:157]}…"
