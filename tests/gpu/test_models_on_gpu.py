"""Everything tests/models proves of models, schedules and caches, on the GPU: the same tests, another device."""

from __future__ import annotations

import pytest

from tests.models.test_equals_transformers import *  # noqa: F403

pytestmark = pytest.mark.gpu
