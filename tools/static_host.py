"""Serve a built site as a host of static pages does: under a sub-path, compressed."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

PREFIX = "/gencourse/"
# What such hosts compress; fonts and pictures are compressed in themselves.
TEXT = {".html", ".css", ".js", ".mjs", ".json", ".svg", ".txt", ".xml", ".wasm"}
TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm", ".woff": "font/woff"}


class Host(SimpleHTTPRequestHandler):
    """Answers for what lies below `PREFIX`, compressed for those who accept it."""

    protocol_version = "HTTP/1.1"
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, **TYPES}  # noqa: RUF012

    def do_GET(self) -> None:
        """Send a file."""
        place = unquote(urlsplit(self.path).path)
        root = Path(self.directory).resolve()
        path = (root / place.removeprefix(PREFIX)).resolve()
        path = path / "index.html" if path.is_dir() else path
        inside = place.startswith(PREFIX) and path.is_relative_to(root)
        if not (inside and path.is_file()):
            self.answer(HTTPStatus.NOT_FOUND, b"no such page", ".txt")
            return
        self.answer(HTTPStatus.OK, path.read_bytes(), path.suffix)

    def answer(self, status: HTTPStatus, body: bytes, suffix: str) -> None:
        """Send these bytes as a file of this kind."""
        self.send_response(status)
        if suffix in TEXT and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, 6)
            self.send_header("Content-Encoding", "gzip")
        kind = self.guess_type("x" + suffix)
        charset = "; charset=utf-8" if kind.startswith("text/") else ""
        self.send_header("Content-Type", kind + charset)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serve(site: Path) -> Iterator[str]:
    """Serve a folder while the block runs; give the address of its home."""
    handler = partial(Host, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
        server.shutdown()
