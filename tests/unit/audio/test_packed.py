import numpy as np
import pytest

from retable.audio.packed import PackedArray, PackedWriter
from retable.errors import DataError


def numbers(dtype: str, *shape: int) -> np.ndarray:
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("row_shape", [(), (2,), (3, 4, 5)])
@pytest.mark.parametrize("pieces", [(), (0,), (7,), (2, 0, 4, 1)])
def test_rows_written_in_pieces_make_the_file_that_numpy_saves(tmp_path, dtype, row_shape, pieces):
    whole = numbers(dtype, sum(pieces), *row_shape)
    np.save(tmp_path / "numpy.npy", whole)

    with PackedWriter(tmp_path / "packed.npy", np.dtype(dtype), row_shape) as packed:
        for rows in np.split(whole, np.cumsum(pieces)[:-1]) if pieces else []:
            packed.append(rows)

    assert (tmp_path / "packed.npy").read_bytes() == (tmp_path / "numpy.npy").read_bytes()


def test_rows_are_converted_to_the_dtype_of_the_array(tmp_path):
    path = tmp_path / "packed.npy"
    with PackedWriter(path, np.dtype(np.float16), (3,)) as packed:
        packed.append(numbers("float64", 3, 4).T[:, :3])
    np.testing.assert_array_equal(np.load(path), numbers("float16", 3, 4).T[:, :3])
    assert np.load(path).dtype == np.float16


def test_rows_of_another_shape_are_refused(tmp_path):
    writer = PackedWriter(tmp_path / "packed.npy", np.dtype(np.float32), (2, 3))
    with pytest.raises(ValueError, match=r"packed\.npy: rows \(3, 2\), expected \(2, 3\)"), writer:
        writer.append(np.zeros((4, 3, 2)))


def test_what_is_not_written_to_its_end_has_no_rows(tmp_path):
    path = tmp_path / "packed.npy"
    with pytest.raises(KeyboardInterrupt), PackedWriter(path, np.dtype("f4"), (2,)) as packed:
        packed.append(np.zeros((4, 2)))
        raise KeyboardInterrupt
    assert PackedArray(path).shape == (0, 2)


@pytest.mark.parametrize("dtype", ["<f2", "<f4", ">f4"])
def test_rows_are_read_into_arrays_that_can_be_written(tmp_path, dtype):
    whole = numbers(dtype, 10, 2, 3)
    np.save(tmp_path / "saved.npy", whole)

    array = PackedArray(tmp_path / "saved.npy")

    assert array.shape == (10, 2, 3)
    for start, stop in [(0, 10), (3, 7), (9, 10), (4, 4)]:
        rows = array.read(start, stop)
        np.testing.assert_array_equal(rows, whole[start:stop])
        assert rows.dtype == array.dtype == np.dtype(dtype).newbyteorder("=")
        rows[:] = 0
    np.testing.assert_array_equal(np.load(tmp_path / "saved.npy"), whole)


def test_a_file_without_rows_can_be_opened(tmp_path):
    np.save(tmp_path / "empty.npy", np.zeros((0, 5), np.float32))
    assert PackedArray(tmp_path / "empty.npy").read(0, 0).shape == (0, 5)


@pytest.mark.parametrize("left", [0, 5, 100, -1])
def test_a_file_that_is_cut_short_is_named(tmp_path, left):
    path = tmp_path / "shard000.npy"
    np.save(path, np.zeros(1000))
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(DataError, match=r"shard000\.npy: is no packed array, or is cut short"):
        PackedArray(path)


def test_a_file_that_becomes_shorter_is_named(tmp_path):
    path = tmp_path / "shard000.npy"
    np.save(path, np.zeros(1000))
    array = PackedArray(path)
    path.write_bytes(path.read_bytes()[:-8])
    np.testing.assert_array_equal(array.read(990, 999), np.zeros(9))
    with pytest.raises(DataError, match=r"shard000\.npy: ends before row 1000"):
        array.read(990, 1000)
