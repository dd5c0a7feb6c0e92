"""Differences of views, routines, triggers, policies, grants and other entities."""
