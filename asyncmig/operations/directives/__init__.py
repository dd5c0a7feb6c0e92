"""The directives of ``op``, one file per kind of object."""
