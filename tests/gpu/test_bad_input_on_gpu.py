"""What tests/models/test_bad_input proves of numbers and sizes, on the GPU: the same tests, another device."""

from __future__ import annotations

import pytest

from tests.models.test_bad_input import (
    poisoned,
    test_a_pool_too_small_for_a_request,
    test_every_way_to_choose_finds_them,
    test_logits_that_are_no_numbers_fail_their_request_alone,
)

__all__ = [
    "poisoned",
    "test_a_pool_too_small_for_a_request",
    "test_every_way_to_choose_finds_them",
    "test_logits_that_are_no_numbers_fail_their_request_alone",
]

pytestmark = pytest.mark.gpu
