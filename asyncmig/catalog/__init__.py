"""Catalogs: the objects of a set of schemas as frozen values, and the DDL of models that produces them."""
