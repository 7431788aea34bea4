"""The files of a dataset in a Dataverse repository, as its API lists them.

https://guides.dataverse.org/en/latest/api/native-api.html (datasets) and dataaccess.html (files).
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

import requests
from pydantic import ValidationError

from retable.corpora.file_lists import find_list_fault
from retable.corpora.files import AUDIO_SUFFIXES
from retable.download.request import AddressFailed, refusal, shortened
from retable.download.retries import Connection, read_answer
from retable.download.stand_ins import is_web_page
from retable.spec.remote_file import RemoteFile

CHECKSUMS = {
    "MD5": ("md5", 32),
    "SHA-1": ("sha1", 40),
    "SHA-256": ("sha256", 64),
    "SHA-512": ("sha512", 128),
}
"""Dataverse's names of checksums -> their fields in `RemoteFile`, and hexadecimal digits."""


def list_dataverse_files(
    base: str, persistent_id: str, connection: Connection
) -> tuple[RemoteFile, ...]:
    """The audio files in the latest version of a dataset.

    Each one's name is its path in the dataset: its folder, where it has one, and its file name.

    Args:
        base: address of the server (`https://borealisdata.ca`), or of a mirror with its layout.
        persistent_id: `doi:10.…`.
        connection: how the server is asked.

    Raises AddressFailed for a server that does not know the dataset, one whose answer is not
    Dataverse's, and for a list without audio, or with a file that may not be fetched, or whose
    path, size or checksum cannot be used.
    """
    root = base.rstrip("/")
    query = f"persistentId={quote(persistent_id, safe=':/')}"
    answer = read_answer(f"{root}/api/datasets/:persistentId/?{query}", connection)
    content = _content(answer, persistent_id)
    try:
        entries = content["data"]["latestVersion"]["files"]
        files = tuple(_audio_files(entries, root))
    except (KeyError, TypeError, AttributeError) as error:
        raise AddressFailed(
            f"its list of {persistent_id} is none of a Dataverse server ({error!r}): expected "
            "data.latestVersion.files, and in each dataFile an id, filename, filesize and checksum"
        ) from error
    if not files:
        raise AddressFailed(
            f"its list of {persistent_id} holds no audio file ({', '.join(sorted(AUDIO_SUFFIXES))})"
            f" among {len(entries)} files; is it another dataset, or are its files archives now?"
        )
    fault = find_list_fault([file.name for file in files])
    if fault:
        raise AddressFailed(f"its list of {persistent_id} is refused: {fault}")
    return files


def _content(answer: requests.Response, persistent_id: str) -> Any:
    """What the server has to say of a dataset; raises AddressFailed where it is not that."""
    try:
        content = json.loads(answer.content)
    except ValueError:
        if not answer.ok:
            raise refusal(answer) from None
        kind = "a web page" if is_web_page(answer.headers, answer.content) else "no JSON"
        raise AddressFailed(
            f"its list of {persistent_id} is {kind}; is it the address of a Dataverse server, "
            "without a path?"
        ) from None
    if isinstance(content, Mapping) and content.get("status") == "OK":
        return content
    message = content.get("message") if isinstance(content, Mapping) else None
    reason = shortened(str(message or "no status OK in its answer")).rstrip(".")
    raise AddressFailed(
        f"it does not list {persistent_id}: HTTP {answer.status_code}, {reason}. Look the dataset "
        "up on the homepage and correct `persistent_id` in the corpus' YAML"
    )


def _audio_files(entries: Any, root: str) -> Iterator[RemoteFile]:
    for entry in entries:
        file = entry["dataFile"]
        name = file["filename"]
        if PurePosixPath(name).suffix.lower() not in AUDIO_SUFFIXES:
            continue
        folder = entry.get("directoryLabel")
        path = f"{folder}/{name}" if folder else name
        if entry.get("restricted"):
            raise AddressFailed(
                f"it lists {path} as restricted, and serves it to nobody without leave: ask for "
                "access on the dataset's page, and put what you are given into a directory"
            )
        address = f"{root}/api/access/datafile/{quote(str(file['id']))}"
        try:
            yield RemoteFile.model_validate(
                {"name": path, "urls": [address], "bytes": file["filesize"]} | _checksum(path, file)
            )
        except ValidationError as error:
            raise AddressFailed(
                f"it lists {path} with {file['filesize']!r} bytes, expected a positive number"
            ) from error


def _checksum(path: str, file: Mapping[str, Any]) -> dict[str, str]:
    """The checksum of a listed file, as a field."""
    # Older servers have `md5` alone.
    stated = file.get("checksum") or {"type": "MD5", "value": file.get("md5")}
    kind, value = str(stated["type"]), str(stated["value"])
    field, digits = CHECKSUMS.get(kind, ("", 0))
    if not field or not re.fullmatch(rf"[0-9a-fA-F]{{{digits}}}", value):
        raise AddressFailed(
            f"it lists {path} with the checksum {kind} {value}, expected {_form(kind, digits)}"
        )
    return {field: value}


def _form(kind: str, digits: int) -> str:
    return f"{digits} hexadecimal digits" if digits else " or ".join(CHECKSUMS)
