"""One HTTP request that continues a partial file, and what its answer means."""

import email.utils
import logging
import re
import time
from collections.abc import Mapping
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


class ProgressLog:
    """Logs MB, percentage, rate and time left, at most every few seconds."""

    def __init__(self, name: str, total: int):
        self._name, self._total = name, total
        self._logged_at = self._started_at = time.monotonic()
        self._started_with: int | None = None

    def begin(self, size: int) -> None:
        """A request starts with so many bytes in place: rates count from here."""
        self._started_with, self._started_at = size, time.monotonic()

    def update(self, size: int) -> None:
        """So many bytes are in place now."""
        now = time.monotonic()
        if now - self._logged_at < PROGRESS_EVERY_S or self._started_with is None:
            return
        self._logged_at = now
        rate = max(size - self._started_with, 1) / max(now - self._started_at, 1e-6)
        left = round((self._total - size) / rate)
        logger.info(
            "%s: %.1f of %.1f MB (%.0f %%), %.1f MB/s, %d:%02d min left",
            self._name,
            size / 1e6,
            self._total / 1e6,
            100 * size / self._total,
            rate / 1e6,
            *divmod(left, 60),
        )


def validator_path(part: Path) -> Path:
    """Beside a partial file: the address it comes from, and the version it has there."""
    return part.with_name(f"{part.name}.version")


def receive(
    session: requests.Session,
    address: str,
    part: Path,
    total: int,
    progress: ProgressLog,
    timeout_s: tuple[float, float],
) -> bool:
    """Appends to `part` what one request brings; whether it had to begin at the first byte.

    Raises TryAgain and AddressFailed. On return `part` has at most `total` bytes.
    """
    have = part.stat().st_size if part.exists() else 0
    try:
        with session.get(
            address, headers=_range_headers(address, part, have), stream=True, timeout=timeout_s
        ) as response:
            start = _first_byte(response, have, total)
            if start is None:
                part.unlink()
                raise TryAgain(f"it cannot continue from byte {have}: starting over")
            if start == 0:
                _store_version(address, part, response.headers)
            progress.begin(start)
            _append(response, part, start, total, progress)
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


def _first_byte(response: requests.Response, have: int, total: int) -> int | None:
    """Position of the first byte that the response brings; None where it must be asked anew.

    Raises TryAgain and AddressFailed where it brings nothing of use.
    """
    status = response.status_code
    label = f"HTTP {status} {response.reason}".strip()
    if have and status in (206, 416):
        start, of = _content_range(response.headers.get("Content-Range", ""))
        if of not in (None, total):
            raise AddressFailed(f"it serves {of} bytes, expected {total}")
        return have if status == 206 and start == have else None
    if status == 200:
        length = response.headers.get("Content-Length", "")
        if length.isdigit() and int(length) != total:
            raise AddressFailed(f"it serves {length} bytes, expected {total}")
        return 0
    if status in (408, 425, 429) or status >= 500:
        raise TryAgain(label, seconds_to_wait(response.headers, time.time()))
    raise AddressFailed(label)


def _append(
    response: requests.Response, part: Path, start: int, total: int, progress: ProgressLog
) -> None:
    size = start
    with part.open("ab" if start else "wb") as file:
        for chunk in response.iter_content(CHUNK):
            size += len(chunk)
            if size > total:
                part.unlink()
                raise AddressFailed(f"it serves more than the expected {total} bytes")
            file.write(chunk)
            progress.update(size)
    if size < total:
        raise TryAgain(f"the connection ended after {size} of {total} bytes")


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
