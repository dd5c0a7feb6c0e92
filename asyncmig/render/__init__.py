"""Revision files: their text, their names, their templates; and new projects."""

from __future__ import annotations

from asyncmig.render.creating import create_merge, create_revision, make_room
from asyncmig.render.post_write import run_post_write_hooks
from asyncmig.render.project import InitResult, TemplateInfo, init_project, list_templates
from asyncmig.render.revision_file import write_revision
from asyncmig.render.revision_id import check_branch_label, check_revision_id, new_revision_id

__all__ = [
    "InitResult",
    "TemplateInfo",
    "check_branch_label",
    "check_revision_id",
    "create_merge",
    "create_revision",
    "init_project",
    "list_templates",
    "make_room",
    "new_revision_id",
    "run_post_write_hooks",
    "write_revision",
]
