"""The application: routes, guard, and how every error looks. Knows FastAPI; the routes are in their own files."""

from __future__ import annotations

import difflib
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from sgbench.backends.local import Engine
from sgbench.errors import SgbenchError
from sgbench.server.chat import chat
from sgbench.server.completions import completions
from sgbench.server.guard import Guard
from sgbench.server.native import native
from sgbench.server.refusals import body, error_body, status_of
from sgbench.server.served import ServedEngine
from sgbench.server.wire import ChatBody, CompletionBody, GenerateBody

MAX_BODY_BYTES = 8 << 20
"""Longest body by default: far more text than any context holds."""

_FIELDS = {
    "/v1/completions": CompletionBody.model_fields,
    "/v1/chat/completions": ChatBody.model_fields,
    "/generate": GenerateBody.model_fields,
}


def create_app(
    engine: Engine,
    *,
    api_key: str | None = None,
    model_name: str | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
) -> FastAPI:
    """An ASGI application that serves ``engine``.

    Parameters
    ----------
    engine
        Not owned.
    api_key
        Wanted of every request but ``/health``; None: no key, and only requests to one of this machine's own names
        (127.0.0.1, localhost) are answered.
    model_name
        What clients call the model; None: the engine's model path.
    max_body_bytes
        A longer body is refused.
    """
    served = ServedEngine(engine, model_name or engine.config.model_path)
    app = FastAPI(title="sgbench", docs_url=None, redoc_url=None, openapi_url=None)
    for router in (completions(served), chat(served), native(served)):
        app.include_router(router)
    app.add_middleware(Guard, api_key=api_key, max_body_bytes=max_body_bytes)
    app.add_exception_handler(SgbenchError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _no_route)
    return app


async def _refused(request: Request, failure: Any) -> Response:
    return JSONResponse(error_body(failure), status_of(failure))


async def _no_route(request: Request, failure: Any) -> Response:
    return JSONResponse(body(str(failure.detail), "invalid_request_error", failure.status_code), failure.status_code)


async def _malformed(request: Request, failure: Any) -> Response:
    """The first thing that is wrong with a body; what the client sent is not sent back."""
    first = failure.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body")
    if first["type"] == "json_invalid":
        message = "the body is no valid JSON"
    elif first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(where, _FIELDS.get(request.url.path, ()), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        message = f"the field {where!r} is not supported{hint}"
    else:
        message = f"{where or 'the body'}: {first['msg']}"
    return JSONResponse(body(message, "invalid_request_error", 400), 400)
