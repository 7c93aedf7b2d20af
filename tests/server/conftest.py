"""A real server over the bundled model, and the official client."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest

import sgbench as sgl
from sgbench.server import Server
from tests.served import KEY, serving


@pytest.fixture(scope="package")
def both() -> Iterator[tuple[sgl.Engine, Server]]:
    with serving() as pair:
        yield pair


@pytest.fixture
def engine(both: tuple[sgl.Engine, Server]) -> sgl.Engine:
    return both[0]


@pytest.fixture
def server(both: tuple[sgl.Engine, Server]) -> Server:
    return both[1]


@pytest.fixture
def client(server: Server) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.url + "/v1", api_key=KEY, max_retries=0) as client:
        yield client
