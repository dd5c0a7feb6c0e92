"""The SQL of each directive, one module a kind of object. Importing any of them registers all."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
