"""Builds of models: each comparison builds them, also if it did before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fix_autogenerate import Comparing


@pytest.fixture
def comparing(comparing: Comparing) -> Comparing:
    comparing.cache = None
    return comparing
