"""Objects are frozen within the block, and only there."""

from __future__ import annotations

import gc
from threading import Thread

import pytest

from asyncmig.project import garbage_collection
from asyncmig.project.garbage_collection import short_collections


@pytest.fixture(autouse=True)
def enabled(monkeypatch):
    """Collection as in a service, whatever the tests before did.

    The objects of the other tests are frozen again afterwards, or each full collection would visit them.
    """
    monkeypatch.setattr(garbage_collection, "_freezer", garbage_collection._Freezer())
    gc.enable()
    gc.unfreeze()
    yield
    gc.enable()
    gc.freeze()


def test_objects_are_frozen_within_the_block():
    with short_collections():
        assert gc.get_freeze_count() > 1000
    assert gc.get_freeze_count() == 0
    assert not [each for each in gc.callbacks if "Freezer" in repr(each)]


def test_the_last_of_several_blocks_unfreezes():
    with short_collections():
        thread = Thread(target=_enter_and_leave)
        thread.start()
        thread.join()
        assert gc.get_freeze_count() > 1000
    assert gc.get_freeze_count() == 0


def _enter_and_leave():
    with short_collections():
        pass


def test_an_error_unfreezes():
    with pytest.raises(ValueError, match="boom"), short_collections():
        raise ValueError("boom")
    assert gc.get_freeze_count() == 0


def test_what_survives_a_full_collection_is_frozen():
    with short_collections():
        before = gc.get_freeze_count()
        kept = [[] for _ in range(5000)]
        gc.collect()
        assert gc.get_freeze_count() >= before + len(kept)


def test_garbage_that_was_created_within_the_block_is_collected():
    class Node:
        pass

    with short_collections():
        node = Node()
        node.own = node
        del node
        assert gc.collect() >= 1


def test_objects_are_frozen_for_a_limited_time(monkeypatch):
    monkeypatch.setattr(garbage_collection, "LIMIT_SECONDS", -1.0)
    with short_collections():
        assert gc.get_freeze_count() > 1000
        gc.collect()
        assert gc.get_freeze_count() == 0
        gc.collect()
        assert gc.get_freeze_count() == 0


def test_the_limit_holds_without_full_collections(monkeypatch):
    monkeypatch.setattr(garbage_collection, "LIMIT_SECONDS", -1.0)
    with short_collections():
        kept = [[] for _ in range(50_000)]
        assert gc.get_freeze_count() == 0
        del kept


def test_many_new_objects_cause_no_full_collection():
    full = []

    def collected(when, facts):
        full.append(facts["generation"] == 2)

    with short_collections():
        gc.callbacks.append(collected)
        kept = [[] for _ in range(1_000_000)]
        gc.callbacks.remove(collected)
    assert len(kept) == 1_000_000
    assert full
    assert not any(full)


def test_the_thresholds_of_the_service_are_restored():
    usual = gc.get_threshold()
    gc.set_threshold(900, 12, 7)
    try:
        with short_collections():
            assert gc.get_threshold() == garbage_collection.THRESHOLDS
        assert gc.get_threshold() == (900, 12, 7)
        gc.set_threshold(0, 12, 7)  # as good as disabled
        with short_collections():
            assert gc.get_freeze_count() == 0
    finally:
        gc.set_threshold(*usual)


def test_nothing_changes_where_collection_is_disabled():
    gc.disable()
    with short_collections():
        assert gc.get_freeze_count() == 0


def test_what_the_service_has_frozen_stays_frozen():
    gc.freeze()
    frozen = gc.get_freeze_count()
    with short_collections():
        gc.collect()
        assert abs(gc.get_freeze_count() - frozen) < 100
    assert gc.get_freeze_count() >= frozen - 100


def test_frozen_objects_of_the_service_are_counted_once(monkeypatch):
    """Counting visits each of them."""
    counted = []

    def count() -> int:
        counted.append("")
        return 10_000

    monkeypatch.setattr(gc, "get_freeze_count", count)
    for _ in range(3):
        with short_collections():
            pass
    assert len(counted) == 1


def test_a_service_may_freeze_after_the_first_run():
    with short_collections():
        assert gc.get_freeze_count() > 1000
    gc.freeze()
    frozen = gc.get_freeze_count()
    with short_collections():
        gc.collect()
    assert gc.get_freeze_count() >= frozen - 100
