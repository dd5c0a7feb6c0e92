"""Revision files: code of operations, templates, names, post-write hooks."""

from __future__ import annotations

from asyncmig.render.files.create import create_merge, create_revision, ensure_versions_folder
from asyncmig.render.files.new_revision import NewRevision
from asyncmig.render.files.post_write_hooks import run_post_write_hooks
from asyncmig.render.files.revision_id import check_branch_label, check_revision_id, new_revision_id
from asyncmig.render.files.write import write_revision

__all__ = [
    "NewRevision",
    "check_branch_label",
    "check_revision_id",
    "create_merge",
    "create_revision",
    "ensure_versions_folder",
    "new_revision_id",
    "run_post_write_hooks",
    "write_revision",
]
