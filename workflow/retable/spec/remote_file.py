"""A file that upstream serves, and what is published of it."""

from pydantic import Field

from retable.spec.base import Size, Spec

ALGORITHMS = ("sha512", "sha256", "sha1", "md5")
"""Checksums that can be verified, by hashlib's names, the strongest first."""


class RemoteFile(Spec):
    """A file that upstream serves."""

    name: str
    urls: tuple[str, ...]
    bytes: Size
    exact: bool = True
    """Whether `bytes` is the very size; else, as always without a checksum, it is about that."""
    md5: str | None = Field(default=None, pattern="^[0-9a-fA-F]{32}$")
    sha1: str | None = Field(default=None, pattern="^[0-9a-fA-F]{40}$")
    sha256: str | None = Field(default=None, pattern="^[0-9a-fA-F]{8,64}$")
    """Its first hexadecimal digits where upstream publishes no more of it."""
    sha512: str | None = Field(default=None, pattern="^[0-9a-fA-F]{128}$")

    @property
    def checksums(self) -> dict[str, str]:
        """Algorithm -> the checksum that upstream publishes, the strongest first."""
        stated = {algorithm: getattr(self, algorithm) for algorithm in ALGORITHMS}
        return {algorithm: digits for algorithm, digits in stated.items() if digits}

    @property
    def checksum(self) -> str:
        """The strongest of the checksums that upstream publishes."""
        return next(iter(self.checksums.values()), "")

    @property
    def has_exact_size(self) -> bool:
        """Whether a file of another size is another file, whatever its checksum."""
        return self.exact and bool(self.checksum)
