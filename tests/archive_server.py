"""A real HTTP server on 127.0.0.1 that serves archives, and misbehaves on request.

    with ArchiveServer({"corpus.zip": data}) as server:
        server.behaviours["corpus.zip"] = [Behaviour(cut_after=1000), Behaviour()]
        requests.get(server.address("corpus.zip"))
        server.requests[-1].headers.get("Range")

The n-th request of a file meets its n-th behaviour; the last one stays.

Upstreams that have no archives but single files have layouts of their own, below their address:

    server.files |= dataverse_layout({"OAF_angry/OAF_back_angry.wav": data}, "doi:10.5683/SP2/X")
    server.files |= media_layout({"AudioWAV/1001_DFA_ANG_XX.wav": data}, "media/owner/repository")
"""

import hashlib
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from types import TracebackType
from typing import Any
from urllib.parse import quote

import pytest


@dataclass(frozen=True)
class Behaviour:
    """How one request is answered; by default as HTTP demands."""

    status: int = 200
    """Anything else is sent with `body`, or none."""
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    """Closes the connection after so many bytes of the body, whatever was announced."""
    ranges: bool = True
    """False: ignores Range and always sends the whole."""
    announce_length: bool = True
    chunked: bool = False
    """Sends the body in chunks of unannounced number, as hosts of archives made on the fly do."""
    etag: bool = True
    body: bytes | None = None
    """Other bytes than the file's."""
    delay_s: float = 0.0
    """Passes before the answer."""


@dataclass(frozen=True)
class Request:
    """What a client asked for."""

    name: str
    headers: dict[str, str]


class ArchiveServer:
    """Serves `files` (name -> bytes) while the `with` block lasts."""

    def __init__(self, files: dict[str, bytes]):
        self.files = files
        self.behaviours: dict[str, list[Behaviour]] = {}
        self.requests: list[Request] = []
        self.most_at_once = 0
        """Largest number of requests that were being answered at the same time."""
        self._running = 0
        self._lock = threading.Lock()
        self._http = _Server(self)
        # Short polling: closing a server must not cost half a second a test.
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def address(self, name: str) -> str:
        return f"{self.root}/{name}"

    def next_behaviour(self, name: str) -> Behaviour:
        queue = self.behaviours.get(name) or [Behaviour()]
        return queue.pop(0) if len(queue) > 1 else queue[0]

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Counts a request while it is being answered."""
        with self._lock:
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)
        yield
        with self._lock:
            self._running -= 1

    def __enter__(self) -> "ArchiveServer":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def archive_server() -> Iterator[ArchiveServer]:
    """An empty server: put archives into `.files`."""
    with ArchiveServer({}) as server:
        yield server


class _Server(ThreadingHTTPServer):
    """Knows whose requests it answers."""

    def __init__(self, owner: ArchiveServer):
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection's requests as the behaviours of its server's owner say."""

    server: _Server

    def do_GET(self) -> None:
        with self.server.owner.answering():
            self._answer(self.path.lstrip("/"))

    def _answer(self, name: str) -> None:
        owner = self.server.owner
        owner.requests.append(Request(name, dict(self.headers.items())))
        behaviour = owner.next_behaviour(name)
        time.sleep(behaviour.delay_s)
        if behaviour.status != 200:
            body = behaviour.body or b""
            self._head(behaviour.status, behaviour.headers | {"Content-Length": str(len(body))})
            self.wfile.write(body)
        elif name not in owner.files:
            self._head(404, {"Content-Length": "0"})
        else:
            body = owner.files[name] if behaviour.body is None else behaviour.body
            self._send(body, behaviour)

    def _send(self, body: bytes, behaviour: Behaviour) -> None:
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = behaviour.headers | ({"ETag": tag} if behaviour.etag else {})
        start = self._asked_from(tag) if behaviour.ranges else None
        if start is not None and start >= len(body):
            headers |= {"Content-Range": f"bytes */{len(body)}", "Content-Length": "0"}
            self._head(416, headers)
            return
        if start is not None:
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        rest = body[start or 0 :]
        sent = rest if behaviour.cut_after is None else rest[: behaviour.cut_after]
        if behaviour.chunked:
            headers["Transfer-Encoding"] = "chunked"
            self.protocol_version = "HTTP/1.1"
            # RFC 9112, 7.1: a chunk of size 0 ends the body; one that breaks off lacks it.
            end = b"0\r\n\r\n" if len(sent) == len(rest) else b""
            sent = b"%x\r\n%b\r\n%b" % (len(sent), sent, end)
        elif behaviour.announce_length:
            headers["Content-Length"] = str(len(rest))
        self._head(200 if start is None else 206, headers)
        self.wfile.write(sent)
        self.close_connection = True

    def _asked_from(self, tag: str) -> int | None:
        """The first byte that is asked for; None for the whole."""
        asked = self.headers.get("Range")
        # RFC 9110, 13.1.5: a Range whose If-Range does not hold is ignored.
        if not asked or self.headers.get("If-Range", tag) != tag:
            return None
        return int(asked.removeprefix("bytes=").removesuffix("-"))

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Keeps the tests' output free of an access log."""


FIRST_ID = 1000
"""Of the files in `dataverse_layout`, which are numbered from here on in their order."""


def dataverse_list(persistent_id: str) -> str:
    """Name under which a Dataverse server lists the files of a dataset."""
    return f"api/datasets/:persistentId/?persistentId={persistent_id}"


def dataverse_file(number: int) -> str:
    """Name under which a Dataverse server has a file."""
    return f"api/access/datafile/{FIRST_ID + number}"


def dataverse_entry(number: int, path: str, content: bytes) -> dict[str, Any]:
    """What a Dataverse server says of a file; its folder where it has one."""
    name, folder = PurePosixPath(path).name, str(PurePosixPath(path).parent)
    md5 = hashlib.md5(content).hexdigest()
    return {
        "label": name,
        "restricted": False,
        **({} if folder == "." else {"directoryLabel": folder}),
        "dataFile": {
            "id": FIRST_ID + number,
            "filename": name,
            "contentType": "audio/wav",
            "filesize": len(content),
            "md5": md5,
            "checksum": {"type": "MD5", "value": md5},
        },
    }


def dataverse_answer(entries: list[dict[str, Any]]) -> bytes:
    """The list of a dataset's files."""
    version = {"versionState": "RELEASED", "files": entries}
    return json.dumps({"status": "OK", "data": {"id": 1, "latestVersion": version}}).encode()


def dataverse_layout(files: Mapping[str, bytes], persistent_id: str) -> dict[str, bytes]:
    """What a Dataverse server serves of a dataset with these files (path -> content)."""
    entries = [dataverse_entry(n, path, files[path]) for n, path in enumerate(files)]
    return {
        dataverse_list(persistent_id): dataverse_answer(entries),
        **{dataverse_file(n): content for n, content in enumerate(files.values())},
    }


def media_layout(files: Mapping[str, bytes], folder: str) -> dict[str, bytes]:
    """What GitHub's media host serves of a repository: each file under its quoted path."""
    return {f"{folder}/{quote(path)}": content for path, content in files.items()}


def file_table(files: Mapping[str, bytes]) -> str:
    """The table of such files: path, sha256 and bytes."""
    rows = [
        f"{path}\t{hashlib.sha256(content).hexdigest()}\t{len(content)}\n"
        for path, content in files.items()
    ]
    return "".join(["path\tsha256\tbytes\n", *rows])


def lfs_pointer(content: bytes) -> bytes:
    """What raw.githubusercontent.com, and a clone without Git LFS, has in place of a file."""
    digest = hashlib.sha256(content).hexdigest()
    return (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n"
    ).encode()
