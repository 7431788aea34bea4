import hashlib
import io
import stat
import tarfile
import zipfile

import pytest

from retable.corpora.unpack import find_damage, unpack_archive
from retable.errors import DataError

LIMIT = 10_000_000


def write_tar(path, *members, mode="w:gz"):
    """A tar of (TarInfo or name, content)."""
    with tarfile.open(path, mode) as archive:
        for member, content in members:
            info = tarfile.TarInfo(member) if isinstance(member, str) else member
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def write_zip(path, *members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for member, content in members:
            archive.writestr(member, content)
    return path


def special(name, kind, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def files_below(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_files_land_below_the_target(tmp_path, write):
    suffix = "zip" if write is write_zip else "tar.gz"
    content = {"Actor_01/a.wav": b"one", "Actor_02/b.wav": b"two", "README": b""}
    archive = write(tmp_path / f"corpus.{suffix}", *content.items())
    target = tmp_path / "clips" / "corpus"
    unpack_archive(archive, target, LIMIT)
    assert files_below(target) == content
    assert [folder.name for folder in target.parent.iterdir()] == ["corpus"]


def test_a_second_unpacking_replaces_the_first(tmp_path):
    target = tmp_path / "corpus"
    unpack_archive(write_zip(tmp_path / "old.zip", ("old.wav", b"1")), target, LIMIT)
    unpack_archive(write_zip(tmp_path / "new.zip", ("new.wav", b"2")), target, LIMIT)
    assert files_below(target) == {"new.wav": b"2"}


@pytest.mark.parametrize(
    "name", ["../evil.wav", "Actor_01/../../evil.wav", "/evil.wav", "..\\evil.wav", "C:\\evil.wav"]
)
@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_no_member_leaves_the_target(tmp_path, write, name):
    suffix = "zip" if write is write_zip else "tar.gz"
    archive = write(tmp_path / f"corpus.{suffix}", ("good.wav", b"1"), (name, b"2"))
    target = tmp_path / "clips" / "corpus"
    with pytest.raises(DataError, match=r"leads out of the target folder"):
        unpack_archive(archive, target, LIMIT)
    assert not target.exists()
    assert files_below(tmp_path).keys() == {archive.name}


@pytest.mark.parametrize(
    "member",
    [
        special("link.wav", tarfile.SYMTYPE, "/etc/passwd"),
        special("link.wav", tarfile.LNKTYPE, "good.wav"),
        special("device.wav", tarfile.CHRTYPE),
        special("pipe.wav", tarfile.FIFOTYPE),
    ],
    ids=["symlink", "hardlink", "device", "fifo"],
)
def test_a_tar_with_a_link_or_a_device_is_refused(tmp_path, member):
    archive = write_tar(tmp_path / "corpus.tar.gz", ("good.wav", b"1"), (member, b""))
    with pytest.raises(DataError, match=rf"corpus.tar.gz: member {member.name}.*link or a device"):
        unpack_archive(archive, tmp_path / "corpus", LIMIT)
    assert not (tmp_path / "corpus").exists()


def test_a_zip_with_a_symlink_is_refused(tmp_path):
    info = zipfile.ZipInfo("link.wav")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive = write_zip(tmp_path / "corpus.zip", (info, "/etc/passwd"))
    with pytest.raises(DataError, match=r"member link\.wav is refused: it is a link"):
        unpack_archive(archive, tmp_path / "corpus", LIMIT)


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_bomb_is_refused_before_it_bursts(tmp_path, kind):
    archive = tmp_path / f"corpus.{kind}"
    members = [(f"{number}.wav", bytes(4_000_000)) for number in range(3)]
    if kind == "zip":
        write_zip(archive, *members, compression=zipfile.ZIP_DEFLATED)
    else:
        write_tar(archive, *members)
    assert archive.stat().st_size < 50_000
    with pytest.raises(DataError, match=r"member 2\.wav is refused.*exceed the 10000000 bytes"):
        unpack_archive(archive, tmp_path / "corpus", LIMIT)
    assert files_below(tmp_path).keys() == {archive.name}


def test_too_many_entries_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("retable.corpora.unpack.MAX_ENTRIES", 2)
    archive = write_zip(tmp_path / "c.zip", ("1.wav", b""), ("2.wav", b""), ("3.wav", b""))
    with pytest.raises(DataError, match="over 2 entries"):
        unpack_archive(archive, tmp_path / "corpus", LIMIT)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_refused(tmp_path):
    archive = write_zip(tmp_path / "c.zip", ("1.wav", b"a"), ("1.wav", b"b"))
    with pytest.raises(DataError, match=r"member 1\.wav is refused: it is there twice"):
        unpack_archive(archive, tmp_path / "corpus", LIMIT)


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_truncated_tar(tmp_path, mode, share):
    noise = bytes(i * i % 251 for i in range(50_000))
    archive = write_tar(tmp_path / "corpus.tar.gz", ("1.wav", noise), ("2.wav", noise), mode=mode)
    archive.write_bytes(archive.read_bytes()[: int(share * archive.stat().st_size)])
    with pytest.raises(DataError, match=r"corpus\.tar\.gz: .*truncated or corrupt: delete it"):
        unpack_archive(archive, tmp_path / "corpus", LIMIT)
    assert not (tmp_path / "corpus").exists()


def test_a_truncated_zip(tmp_path):
    archive = write_zip(tmp_path / "corpus.zip", ("1.wav", b"x" * 1000))
    archive.write_bytes(archive.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"corpus\.zip: its directory cannot be unpacked"):
        unpack_archive(archive, tmp_path / "corpus", LIMIT)


def test_a_flipped_byte(tmp_path):
    archive = write_zip(tmp_path / "corpus.zip", ("1.wav", b"x" * 1000), ("2.wav", b"y" * 1000))
    archive.write_bytes(archive.read_bytes().replace(b"yyyy", b"yzyy", 1))
    with pytest.raises(DataError, match=r"member 2\.wav cannot be unpacked \(Bad CRC-32"):
        unpack_archive(archive, tmp_path / "corpus", LIMIT)
    assert not (tmp_path / "corpus").exists()


def test_files_that_must_be_in_an_archive_are_verified(tmp_path):
    archive = write_zip(tmp_path / "corpus.zip", ("corpus/clips.csv", b"a,b\n"))
    target = tmp_path / "corpus"
    unpack_archive(archive, target, LIMIT, {"corpus/clips.csv": hashlib.md5(b"a,b\n").hexdigest()})
    assert files_below(target) == {"corpus/clips.csv": b"a,b\n"}


def test_a_file_that_upstream_has_changed(tmp_path):
    archive = write_zip(tmp_path / "corpus.zip", ("clips.csv", b"new"))
    old, new = (hashlib.md5(text).hexdigest() for text in (b"old", b"new"))
    with pytest.raises(DataError) as caught:
        unpack_archive(archive, tmp_path / "corpus", LIMIT, {"clips.csv": old})
    message = str(caught.value)
    assert message.startswith(f"{archive}: clips.csv: md5 {new}, expected md5 {old}. ")
    assert "correct files_md5 in the corpus' YAML" in message
    assert files_below(tmp_path).keys() == {archive.name}


def test_a_file_that_must_be_in_an_archive_and_is_not(tmp_path):
    archive = write_zip(tmp_path / "corpus.zip", ("readme", b""))
    with pytest.raises(DataError, match=r"clips\.csv: no such file, expected md5 abc"):
        unpack_archive(archive, tmp_path / "corpus", LIMIT, {"clips.csv": "abc"})


ONLY = ("info.txt", "wav/p1/*_mic1.*")


@pytest.mark.parametrize("write", [write_zip, write_tar])
@pytest.mark.parametrize("top", ["", "VCTK-Corpus/"])
def test_only_what_is_needed_is_unpacked(tmp_path, write, top):
    needed = {f"{top}info.txt": b"info", f"{top}wav/p1/a_mic1.flac": b"one"}
    others = {f"{top}wav/p1/a_mic2.flac": b"two", f"{top}wav/p2/a_mic1.flac": b"three"}
    suffix = "zip" if write is write_zip else "tar.gz"
    archive = write(tmp_path / f"corpus.{suffix}", *(needed | others).items())
    unpack_archive(archive, tmp_path / "corpus", LIMIT, only=ONLY)
    assert files_below(tmp_path / "corpus") == needed


def test_what_is_not_needed_counts_for_no_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("retable.corpora.unpack.MAX_ENTRIES", 1)
    archive = write_zip(tmp_path / "c.zip", ("large.wav", bytes(2000)), ("info.txt", b"info"))
    unpack_archive(archive, tmp_path / "corpus", 1000, only=ONLY)
    assert files_below(tmp_path / "corpus") == {"info.txt": b"info"}
    with pytest.raises(DataError, match="exceed the 3 bytes"):
        unpack_archive(archive, tmp_path / "corpus", 3, only=ONLY)


def test_what_is_not_needed_is_not_read(tmp_path):
    archive = write_zip(tmp_path / "c.zip", ("info.txt", b"info"), ("2.wav", b"y" * 1000))
    archive.write_bytes(archive.read_bytes().replace(b"yyyy", b"yzyy", 1))
    unpack_archive(archive, tmp_path / "corpus", LIMIT, only=ONLY)
    assert files_below(tmp_path / "corpus") == {"info.txt": b"info"}


def test_a_needed_member_still_may_not_leave_the_target(tmp_path):
    for name in ("../wav/p1/a_mic1.flac", "..\\wav\\p1\\a_mic1.flac"):
        archive = write_zip(tmp_path / "corpus.zip", (name, b"1"))
        with pytest.raises(DataError, match=r"leads out of the target folder"):
            unpack_archive(archive, tmp_path / "corpus", LIMIT, only=ONLY)


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_an_archive_of_which_nothing_is_needed(tmp_path, write):
    suffix = "zip" if write is write_zip else "tar.gz"
    members = [(f"audio/p1/{number}.flac", b"") for number in range(7)]
    archive = write(tmp_path / f"corpus.{suffix}", *members)
    with pytest.raises(DataError) as caught:
        unpack_archive(archive, tmp_path / "clips" / "corpus", LIMIT, only=ONLY)
    message = str(caught.value)
    assert message.startswith(f"{archive}: no file in it is needed: expected info.txt, wav/p1/*_mi")
    assert "it begins with audio/p1/0.flac, audio/p1/1.flac, " in message
    assert "audio/p1/5.flac" not in message
    assert "correct `only` there" in message
    assert files_below(tmp_path).keys() == {archive.name}


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_damage_is_found_without_unpacking(tmp_path, write):
    name = f"corpus.{'zip' if write is write_zip else 'tar.gz'}"
    archive = write(tmp_path / name, ("1.wav", bytes(i * i % 251 for i in range(50_000))))
    part = archive.rename(tmp_path / f"{name}.part")
    assert find_damage(part, name) == ""
    part.write_bytes(part.read_bytes()[:300])
    assert "cannot be read (" in find_damage(part, name)
    assert files_below(tmp_path).keys() == {part.name}


def test_a_page_instead_of_an_archive(tmp_path):
    archive = tmp_path / "corpus.zip"
    archive.write_text("<html>Please log in</html>")
    with pytest.raises(DataError, match="File is not a zip file"):
        unpack_archive(archive, tmp_path / "corpus", LIMIT)
