"""The certificate and key files of a connection: the driver's own error does not name the file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.errors import UrlError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["require_files"]

_CERTIFICATES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")


def require_files(arguments: Mapping[str, str], source: str | None) -> None:
    """Check that the files of certificates and keys exist.

    Raises:
        UrlError: one does not.
    """
    where = f" (from {source})" if source else ""
    for name in _CERTIFICATES:
        value = arguments.get(name)
        if not value or Path(value).is_file():
            continue
        if name == "sslrootcert" and value == "system":
            raise UrlError(
                f"the database url{where} has sslrootcert=system, which asyncpg does not support",
                hint="name the file that the system keeps, such as /etc/ssl/certs/ca-certificates.crt",
                source=source,
            )
        raise UrlError(
            f"the database url{where} has {name}={value}, and there is no such file",
            hint=f"a relative path starts from the working directory, {Path.cwd()}",
            source=source,
        )
