"""Objects are frozen within the block, and only there."""

from __future__ import annotations

import gc
from threading import Thread

import pytest

from asyncmig.project import garbage_collection
from asyncmig.project.garbage_collection import short_collections


@pytest.fixture(autouse=True)
def enabled():
    """Collection as in a service, whatever the tests before did."""
    gc.enable()
    gc.unfreeze()
    yield
    gc.enable()
    gc.unfreeze()


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
