"""The connection service file: parameters of libpq under one name.

The format is that of the PostgreSQL manual, chapter "The Connection Service File": sections in brackets,
``name=value`` lines, and comments that begin with ``#``. A service holds passwords, so no message
repeats a line of the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.errors import UrlError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["read_service"]


def read_service(name: str, environ: Mapping[str, str], source: str | None) -> dict[str, str]:
    """The parameters of a service. This is file work.

    The user's file is ``$PGSERVICEFILE`` or ``~/.pg_service.conf``; the system's, read if the user's
    does not define the service, is ``pg_service.conf`` in ``$PGSYSCONFDIR``.

    Args:
        name: of the service.
        environ: environment variables.
        source: where the service was named, for messages.

    Raises:
        UrlError: no file defines the service, or one cannot be read.
    """
    known: list[str] = []
    missing: list[Path] = []
    for path in _files(environ):
        try:
            lines = path.read_text("utf-8-sig").splitlines()
        except FileNotFoundError:
            missing.append(path)
            continue
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not encoded as UTF-8"
            raise _error(f"the service file {path} cannot be read: {reason}", source) from None
        found = _section(name, lines, path, known, source)
        if found is not None:
            return found
    files = ", ".join(str(path) for path in _files(environ) if path not in missing)
    if files:
        hint = f"it defines {', '.join(known)}" if known else "it defines no service"
        raise _error(f"{files} does not define the service {name}", source, hint)
    if not missing:
        raise _error(
            f"the service {name} cannot be looked up: HOME and PGSERVICEFILE are unset", source
        )
    raise _error(
        f"the service {name} is not defined: {' and '.join(map(str, missing))} does not exist",
        source,
        "PGSERVICEFILE names another file",
    )


def _files(environ: Mapping[str, str]) -> list[Path]:
    files = []
    if named := environ.get("PGSERVICEFILE"):
        files.append(Path(named))
    elif home := environ.get("HOME") or environ.get("USERPROFILE"):
        files.append(Path(home, ".pg_service.conf"))
    if folder := environ.get("PGSYSCONFDIR"):
        files.append(Path(folder, "pg_service.conf"))
    return files


def _section(
    name: str, lines: list[str], path: Path, known: list[str], source: str | None
) -> dict[str, str] | None:
    found: dict[str, str] | None = None
    inside = False
    for number, line in enumerate(map(str.strip, lines), start=1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            if inside:
                break
            title = line[1:].partition("]")[0]
            known.append(title)
            inside = title == name
            found = {} if inside else found
        elif inside and found is not None:
            key, equals, value = line.partition("=")
            if line.startswith("ldap"):
                raise _error(
                    f"{path}:{number} looks the service {name} up by LDAP, which is not supported",
                    source,
                    "write its parameters as name=value lines",
                )
            if not equals or not key:
                raise _error(
                    f"{path}:{number} is not a name=value line", source, "write name=value"
                )
            if key == "service":
                raise _error(f"{path}:{number} names a service inside a service", source)
            found.setdefault(key, value)
    return found


def _error(message: str, source: str | None, hint: str | None = None) -> UrlError:
    where = f" (named by {source})" if source else ""
    return UrlError(f"{message}{where}", hint=hint, source=source)
