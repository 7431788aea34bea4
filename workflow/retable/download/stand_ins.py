"""What servers and clones have in place of a file, as if all were well."""

from collections.abc import Mapping

LFS_POINTER = b"version https://git-lfs"
"""How the text begins that Git LFS has in place of a file."""
WEB_PAGES = (b"<!doctype html", b"<html")


def is_web_page(headers: Mapping[str, str], beginning: bytes) -> bool:
    """Whether an answer is a page for people, as its headers or first bytes tell."""
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return kind == "text/html" or beginning.lstrip().lower().startswith(WEB_PAGES)


def find_stand_in(headers: Mapping[str, str], beginning: bytes) -> str:
    """What a server sends in place of a file, and what to do about it; empty if it is the file."""
    if beginning.startswith(LFS_POINTER):
        return (
            "it serves a Git LFS pointer, which is a text that stands for the file, as "
            "raw.githubusercontent.com and clones without LFS have it. Name GitHub's media host "
            "instead (https://media.githubusercontent.com/media/<owner>/<repository>/<branch>), or "
            "run `git lfs pull` where the files come from"
        )
    if is_web_page(headers, beginning):
        return (
            "it serves a web page in place of the file: a login or licence form, an error page, or "
            "the address of a page about the file. Open it in a browser, and name the address "
            "that the file itself has"
        )
    return ""
