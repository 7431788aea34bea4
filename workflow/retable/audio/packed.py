"""Packed arrays: `.npy` files that are written rows after rows and read a few rows at a time.

No file is mapped into memory while it is used: mapped pages count as memory of the process, so that
a job that goes once through a large file would seem to need all of it.
"""

from pathlib import Path
from typing import BinaryIO

import numpy as np

from retable.errors import DataError


class PackedWriter:
    """Writes an array whose rows come in pieces; to be used in a `with` statement.

    The file is the one that `numpy.save` writes of the whole array.
    """

    def __init__(self, path: Path, dtype: np.dtype, row_shape: tuple[int, ...]):
        """Describe the array; the file is written from the start of the `with` statement on.

        Args:
            path: the `.npy` to write.
            dtype: that of the file, little endian.
            row_shape: shape of one row.
        """
        self._path = path
        self._dtype = dtype.newbyteorder("<")
        self._row_shape = row_shape
        self._rows = 0

    def __enter__(self) -> "PackedWriter":
        self._file: BinaryIO = self._path.open("wb")
        self._write_header()
        return self

    def append(self, rows: np.ndarray) -> None:
        """Write further rows (any number, *row_shape), converted to the array's dtype.

        Raises:
            ValueError: the rows have another shape.
        """
        if rows.shape[1:] != self._row_shape:
            raise ValueError(f"{self._path}: rows {rows.shape[1:]}, expected {self._row_shape}")
        self._file.write(np.ascontiguousarray(rows, dtype=self._dtype).data)
        self._rows += len(rows)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._file:
            if kind is None:  # a file that is not whole keeps the header of one without rows
                self._write_header()

    def _write_header(self) -> None:
        """Write the `.npy` header at the file's start.

        NumPy pads it so that a longer first axis needs no more room: the number of rows can be
        filled in at the end.
        """
        self._file.seek(0)
        shape = (self._rows, *self._row_shape)
        description = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": shape,
        }
        np.lib.format.write_array_header_1_0(self._file, description)


class PackedArray:
    """Reads rows of a packed array into memory of their own."""

    def __init__(self, path: Path):
        """Read the header.

        Raises:
            DataError: the file is no array of NumPy, or ends before its last row.
        """
        try:
            # Mapped for a moment only: NumPy then reads the header, and checks the file's size.
            mapped = np.load(path, mmap_mode="r")
        except (ValueError, EOFError) as error:
            raise DataError(
                f"{path}: is no packed array, or is cut short ({error}). Delete it and the index "
                "beside it, and build them again."
            ) from error
        self.shape: tuple[int, ...] = mapped.shape
        """(rows, ...)."""
        self.dtype: np.dtype = mapped.dtype.newbyteorder("=")
        """That of the values, in native byte order."""
        self._path = path
        self._stored_dtype = mapped.dtype
        self._offset = mapped.offset
        self._row_bytes = int(np.prod(self.shape[1:], dtype=np.int64)) * mapped.dtype.itemsize

    def read(self, start: int, stop: int) -> np.ndarray:
        """Rows `start` to `stop`, (stop - start, ...) of `dtype`.

        Raises:
            DataError: the file has become shorter.
        """
        rows = np.empty((stop - start, *self.shape[1:]), dtype=self.dtype)
        self.read_into(rows, start)
        return rows

    def read_into(self, rows: np.ndarray, start: int) -> None:
        """Fill `rows`, contiguous and of `dtype`, with the array's rows from `start` on.

        Raises:
            DataError: the file has become shorter.
        """
        with self._path.open("rb") as file:
            file.seek(self._offset + start * self._row_bytes)
            if file.readinto(rows.data) != rows.nbytes:
                raise DataError(
                    f"{self._path}: ends before row {start + len(rows)}, which it had when it was "
                    "opened; let nothing write to it, delete it and its index and build them again"
                )
        if not self._stored_dtype.isnative:
            rows.byteswap(inplace=True)
