"""Everything tests/models/test_families proves, on the GPU: the same tests, another device."""

from __future__ import annotations

import pytest

from tests.models.test_families import *  # noqa: F403

pytestmark = pytest.mark.gpu
