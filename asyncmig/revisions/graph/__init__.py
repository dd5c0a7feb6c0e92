"""The revision graph: revisions as data, targets, paths and orders. Pure."""
