"""Revision files, the graph they form, and the expressions that point into it."""
