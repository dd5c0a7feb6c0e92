"""The rules, one a file; the name of the file with dashes is the id of its rule."""
