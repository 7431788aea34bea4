"""How far a download is."""

import logging
import time

logger = logging.getLogger(__name__)

PROGRESS_EVERY_S = 5.0


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
