"""Services are read as libpq reads them, and no message repeats a line of their file."""

from __future__ import annotations

import pytest

from asyncmig.config.connection.service_file import read_service
from asyncmig.errors import UrlError

SECRET = "hunter2"


@pytest.fixture
def services(tmp_path):
    return tmp_path / "services"


def read(path, name="shop", **environ):
    return read_service(name, {"PGSERVICEFILE": str(path), **environ}, "DATABASE_URL")


def test_a_service(services):
    services.write_text(
        "# servers\n\n[blog]\nhost=other\n[shop]\n  host=db\npassword=100% = a\nhost=second\n"
        "[shop]\nport=1\n"
    )
    assert read(services) == {"host": "db", "password": "100% = a"}


def test_the_users_own_file(tmp_path):
    (tmp_path / ".pg_service.conf").write_text("[shop]\nhost=db\n")
    assert read_service("shop", {"HOME": str(tmp_path)}, None) == {"host": "db"}


def test_the_systems_file_is_second(tmp_path, services):
    (tmp_path / "pg_service.conf").write_text("[shop]\nhost=system\n[both]\nhost=system\n")
    services.write_text("[both]\nhost=user\n")
    assert read(services, "shop", PGSYSCONFDIR=str(tmp_path)) == {"host": "system"}
    assert read(services, "both", PGSYSCONFDIR=str(tmp_path)) == {"host": "user"}


def test_an_empty_service(services):
    services.write_text("[shop]\n")
    assert read(services) == {}


def test_a_service_that_is_not_defined(services):
    services.write_text("[shop]\nhost=db\n[blog]\nhost=db\n")
    with pytest.raises(UrlError, match=r"services does not define the service nope") as caught:
        read(services, "nope")
    assert "DATABASE_URL" in caught.value.message
    assert caught.value.hint == "it defines shop, blog"


def test_an_empty_file(services):
    services.touch()
    with pytest.raises(UrlError, match=r"does not define") as caught:
        read(services)
    assert caught.value.hint == "it defines no service"


def test_no_service_file(services):
    with pytest.raises(UrlError, match=r"services does not exist") as caught:
        read(services)
    assert caught.value.hint == "PGSERVICEFILE names another file"


def test_no_home():
    with pytest.raises(UrlError, match="HOME and PGSERVICEFILE are unset"):
        read_service("shop", {}, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"[shop]\npassword {SECRET}\n", "services:2 is not a name=value line"),
        (f"[shop]\nhost=db\n={SECRET}\n", "services:3 is not a name=value line"),
        (f"[shop]\nldap://ldap/{SECRET}\n", "services:2 looks the service shop up by LDAP"),
        (f"[shop]\npassword={SECRET}\nservice=x\n", "services:3 names a service inside a service"),
    ],
)
def test_a_line_that_cannot_be_read(services, text, message):
    services.write_text(text)
    with pytest.raises(UrlError, match=message) as caught:
        read(services)
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in f"{error} {error!r} {getattr(error, 'hint', '')}"
        error = error.__cause__ or error.__context__


def test_a_file_of_another_encoding(services):
    services.write_bytes(b"[shop]\npassword=\xff\n")
    with pytest.raises(UrlError, match="cannot be read: it is not encoded as UTF-8") as caught:
        read(services)
    assert caught.value.__cause__ is None


def test_a_folder(tmp_path):
    with pytest.raises(UrlError, match="cannot be read: Is a directory"):
        read(tmp_path)
