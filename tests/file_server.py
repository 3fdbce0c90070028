"""A server of files on this machine, well behaved or not, for tests of downloads."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class FileServer:
    """What is served, how, and what was asked for.

    Args:
        files: by name, without folders.
        cut: bytes of an answer's body after which the connection ends.
        ranges: whether the rest of a file can be had alone.
        chunked: whether answers leave their length out, and come as one chunk.
        address: the beginning of all addresses.
        requests: of each, the file's name and the header `Range`.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    cut: int | None = None
    ranges: bool = True
    chunked: bool = False
    address: str = ""
    requests: list[tuple[str, str | None]] = field(default_factory=list)


@contextmanager
def serving() -> Iterator[FileServer]:
    """A server that is there until the block ends."""
    served = FileServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            name, wanted = self.path.removeprefix("/"), self.headers["Range"]
            served.requests.append((name, wanted))
            self.close_connection = True
            if name not in served.files:
                self.send_error(404)
                return
            content = served.files[name]
            begin = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and served.ranges else 0
            if begin and begin >= len(content):
                self.send_error(416)
                return
            body = content[begin:]
            self.send_response(206 if begin else 200)
            if begin:
                self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
            if served.chunked:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"%x\r\n" % len(body) + body[: served.cut])
                if served.cut is None:
                    self.wfile.write(b"\r\n0\r\n\r\n")
            else:
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: served.cut])

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.address = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield served
        finally:
            server.shutdown()
