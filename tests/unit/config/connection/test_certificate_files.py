"""Files of certificates are looked for before the connection is made."""

from __future__ import annotations

import pytest

from asyncmig.config.connection.certificate_files import require_files
from asyncmig.errors import UrlError


def test_the_systems_certificates():
    with pytest.raises(UrlError, match="asyncpg does not support") as caught:
        require_files({"sslrootcert": "system"}, None)
    assert "ca-certificates" in caught.value.hint


@pytest.mark.parametrize("name", ["sslrootcert", "sslcert", "sslkey", "sslcrl"])
def test_a_missing_file_is_named(tmp_path, name):
    path = tmp_path / "no.pem"
    with pytest.raises(
        UrlError, match=rf"\(from DATABASE_URL\) has {name}={path}, and there is no"
    ):
        require_files({name: str(path)}, "DATABASE_URL")
    path.touch()
    require_files({name: str(path)}, "DATABASE_URL")
