"""The files that a URL's arguments lead to: the driver passes a missing service by, and names no file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.errors import UrlError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["require_files"]

_CERTIFICATES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")


def require_files(arguments: Mapping[str, str], source: str | None) -> None:
    """Look whether certificates, keys and the service are where the arguments say.

    Raises:
        UrlError: one is not.
    """
    where = f" (from {source})" if source else ""
    for name in _CERTIFICATES:
        value = arguments.get(name)
        if not value or Path(value).is_file():
            continue
        if name == "sslrootcert" and value == "system":
            raise UrlError(
                f"the database url{where} has sslrootcert=system, which asyncpg does not know",
                hint="name the file that the system keeps, such as /etc/ssl/certs/ca-certificates.crt",
                source=source,
            )
        raise UrlError(
            f"the database url{where} has {name}={value}, and there is no such file",
            hint=f"a relative path starts from the working directory, {Path.cwd()}",
            source=source,
        )
    if service := arguments.get("service"):
        _require_service(service, where, source)


def _require_service(service: str, where: str, source: str | None) -> None:
    from configparser import Error, RawConfigParser

    path = Path(os.environ.get("PGSERVICEFILE") or Path.home() / ".pg_service.conf")
    services = RawConfigParser()
    try:
        known = services.read(path)
    except (Error, UnicodeDecodeError) as error:
        raise UrlError(
            f"the file of services {path} cannot be read: {str(error).splitlines()[0]}",
            source=source,
        ) from error
    if service in services.sections():
        return
    raise UrlError(
        f"the database url{where} has service={service}, which "
        + (f"{path} does not define" if known else f"is looked for in {path}, and there is none"),
        hint=f"it defines {', '.join(services.sections())}"
        if services.sections()
        else "PGSERVICEFILE names another file",
        source=source,
    )
