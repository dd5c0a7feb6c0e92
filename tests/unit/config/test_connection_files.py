"""A service that nobody defines is an error, as with libpq."""

from __future__ import annotations

import pytest

from asyncmig.config.connection_files import require_files
from asyncmig.errors import UrlError


@pytest.fixture
def services(tmp_path, monkeypatch):
    path = tmp_path / "services"
    monkeypatch.setenv("PGSERVICEFILE", str(path))
    return path


def test_a_service_that_is_defined(services):
    services.write_text("[shop]\nhost=db\npassword=100%\n")
    require_files({"service": "shop"}, None)


def test_a_service_that_is_not_defined(services):
    services.write_text("[shop]\nhost=db\n[blog]\nhost=db\n")
    with pytest.raises(UrlError, match=r"service=nope, which .*services does not define") as caught:
        require_files({"service": "nope"}, "DATABASE_URL")
    assert "DATABASE_URL" in caught.value.message
    assert caught.value.hint == "it defines shop, blog"


def test_no_file_of_services(services):
    with pytest.raises(UrlError, match=r"looked for in .*services, and there is none") as caught:
        require_files({"service": "nope"}, None)
    assert "PGSERVICEFILE" in caught.value.hint


def test_a_file_that_is_none(services):
    services.write_text("host=db\n")
    with pytest.raises(UrlError, match="cannot be read: File contains no section headers"):
        require_files({"service": "nope"}, None)


def test_the_systems_certificates(tmp_path):
    with pytest.raises(UrlError, match="asyncpg does not know") as caught:
        require_files({"sslrootcert": "system"}, None)
    assert "ca-certificates" in caught.value.hint
