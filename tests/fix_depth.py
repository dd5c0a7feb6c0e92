"""The depth of the run in pytest's header, what of the sampled tests runs, and more time for what takes long.

Two kinds of tests are sampled without saying so themselves: a parametrised test that is marked
``cells(number)`` and has more cells than that, and a test of hypothesis.
"""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import HealthCheck, settings

from support.depth import depth

SLOW_TIMEOUT = 900
"""Seconds for a slow or sampled test that names no timeout of its own."""


def pytest_configure() -> None:
    try:
        examples = depth().examples
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None
    # a busy machine must not fail a test: slow code is found by counting, not by the clock
    settings.register_profile(
        "asyncmig",
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        print_blob=True,
    )
    settings.load_profile("asyncmig")


def pytest_report_header() -> str:
    return f"depth: {depth()}"


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]):
    """Mark what is sampled before ``-m`` is applied, and leave out cells of what remains after it."""
    for number, cells in _tests_with_cells(items):
        for item in cells if len(cells) > number else []:
            item.add_marker(pytest.mark.sampled)
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.sampled)
        marked = any(item.get_closest_marker(name) for name in ("slow", "sampled"))
        if marked and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SLOW_TIMEOUT))
    result = yield
    if depth().cells == "some":
        _leave_out_cells(config, items)
    return result


def _tests_with_cells(items: list[pytest.Item]) -> list[tuple[int, list[pytest.Item]]]:
    """The cells of each test that is marked ``cells``, with its number."""
    found = defaultdict(list)
    for item in items:
        if marker := item.get_closest_marker("cells"):
            found[item.nodeid.partition("[")[0], marker.args[0]].append(item)
    return [(number, cells) for (_, number), cells in found.items()]


def _leave_out_cells(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep as many cells as the marker says, from the first to the last at equal distances."""
    dropped = set()
    for number, cells in _tests_with_cells(items):
        if len(cells) > number:
            kept = {round(index * (len(cells) - 1) / max(1, number - 1)) for index in range(number)}
            dropped |= {item for index, item in enumerate(cells) if index not in kept}
    if dropped:
        config.hook.pytest_deselected(items=[item for item in items if item in dropped])
        items[:] = [item for item in items if item not in dropped]
