"""A server that misbehaves as it is told, on a real socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["Wire"], None]


class Wire(BaseHTTPRequestHandler):
    """One request; what is done with it is the server's `Answer`."""

    protocol_version = "HTTP/1.1"

    def handle_one(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.body = json.loads(self.rfile.read(length) or b"null")
        if self.path in ("/get_model_info", "/get_server_info"):
            self.answer(200, json.dumps({"model_path": "some/model"}))
            return
        self.server.asked += 1  # type: ignore[attr-defined]
        self.server.wire_answer(self)  # type: ignore[attr-defined]

    do_GET = do_POST = handle_one

    def answer(self, status: int, text: str, **headers: str) -> None:
        """A whole answer."""
        self.send_response(status)
        self.send_header("Connection", "close")  # no kept connection outlives the server
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def begin(self, *events: Any, named: bool = False) -> None:
        """A stream's beginning: ``events``, as JSON unless they are strings; whoever calls ends it. ``named``: their type leads them."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in events:
            name = f"event: {event['type']}\n" if named and "type" in event else ""
            line = f"{name}data: {event if isinstance(event, str) else json.dumps(event)}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.wfile.flush()

    def whole(self) -> None:
        """The end of a stream."""
        self.wfile.write(b"0\r\n\r\n")

    def cut(self) -> None:
        """Break the connection off."""
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def bad_server(answer: Answer) -> Iterator[ThreadingHTTPServer]:
    """A running server; ``url`` says where, ``asked`` how often it was asked for more than its model."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Wire)
    server.daemon_threads = True
    server.wire_answer, server.asked = answer, 0  # type: ignore[attr-defined]
    server.url = f"http://127.0.0.1:{server.server_address[1]}"  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
