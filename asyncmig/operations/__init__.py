"""Directives: what a script calls on ``op``, one file per object kind."""
