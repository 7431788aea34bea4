"""What vouches for an archive of which no checksum is published, and where to get it anew.

One that upstream makes on the fly (`Archive.files_md5`) has neither size nor checksum, and of some
nothing is published (`Archive.checksum_published`): such a one is good when every file in it can be
read.
"""

from functools import partial

from retable.corpora.unpack import find_damage
from retable.download.file import Inspection
from retable.spec.corpus import Archive, Corpus

GUESSED_SIZE = 4
"""How many times as large an archive may be as guessed, where nobody publishes its size."""


def inspection_of(archive: Archive) -> Inspection | None:
    """What is to be looked at in an archive; None where its checksum tells."""
    if archive.checksum:
        return None
    if archive.files_md5:
        about_bytes = archive.bytes
        expected = f"about {archive.bytes} bytes, made by the server on request"
    else:
        about_bytes = GUESSED_SIZE * archive.bytes
        expected = (
            f"an archive, every file of which can be read, of perhaps {archive.bytes} bytes "
            "(neither size nor checksum is published)"
        )
    return Inspection(
        find_damage=partial(find_damage, name=archive.name),
        about_bytes=about_bytes,
        expected=expected,
        passed="every file in it can be read",
    )


def replacement_of(corpus: Corpus, archive: Archive, key: str) -> str:
    """What to do about a local archive that is not upstream's; empty where that can be fetched.

    `key` is that of its source in config.yaml.
    """
    if corpus.request:
        return f"Copy it anew from where you were given it, or ask {corpus.request} for it again."
    if archive.single_files:
        return f"It is damaged or another file: set {key} to `upstream`, which makes it anew."
    if not archive.checksum_published:
        urls = " or ".join(archive.urls)
        return f"It is damaged or another file: fetch it again from {urls}."
    return ""
