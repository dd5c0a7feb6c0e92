"""PostgreSQL URLs, read without SQLAlchemy and given to asyncpg or SQLAlchemy as each wants them.

Understood: ``postgresql://`` and ``postgres://``, both with any driver's name behind a ``+``, and
libpq's keyword form ``host=db dbname=app``. Rules are those of the PostgreSQL manual's chapter
"Connection Strings", with two of SQLAlchemy's spellings beside them: ``?host=a:1&host=b:2``, and a
plus sign in an argument is a space.

A URL holds a password. No message of this module repeats a part of it that could be one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from asyncmig.config.connection.url_arguments import SECRET, checked_arguments, sort_out
from asyncmig.errors import UrlError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["DatabaseUrl", "Host", "parse_url", "url_of_parameters"]

_SCHEME = re.compile(r"^\s*([A-Za-z][\w.-]*)(?:\+([\w.-]+))?://")
_JDBC = re.compile(r"^\s*jdbc:", re.IGNORECASE)
_KEYWORD_DSN = re.compile(r"^\s*\w+\s*=")
_POSTGRES_SCHEMES = frozenset({"postgresql", "postgres"})
_OTHERS = {
    "cockroachdb": "CockroachDB",
    "db2": "Db2",
    "duckdb": "DuckDB",
    "mariadb": "MariaDB",
    "mongodb": "MongoDB",
    "mssql": "Microsoft SQL Server",
    "mysql": "MySQL",
    "oracle": "Oracle",
    "redshift": "Amazon Redshift",
    "snowflake": "Snowflake",
    "sqlite": "SQLite",
    "sqlserver": "Microsoft SQL Server",
}
_PLACEHOLDER_SCHEMES = frozenset({"driver", "dialect"})
_EXAMPLE = "postgresql://user:password@host:5432/database"
_ADDRESS = ("host", "port", "dbname", "database", "user", "password")


class Host(NamedTuple):
    """One server: a name, an address or a socket folder, and a port when one is written.

    An empty name is the default server, for a URL that gives a port only.
    """

    name: str
    port: int | None = None

    @property
    def is_socket(self) -> bool:
        """True for the folder of a Unix domain socket."""
        return self.name.startswith("/")

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port is None else f"{name}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUrl:
    """A PostgreSQL URL in its parts, decoded.

    What is left out (hosts, user, database ...) is left to asyncpg, which asks the ``PG*``
    environment variables and then takes PostgreSQL's defaults.

    Attributes:
        hosts: servers to try in order; empty for the default.
        arguments: what stood behind the ``?``, less the parts above; the last of equal names.
        ignored: names of arguments that only other drivers understand.
    """

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    hosts: tuple[Host, ...] = ()
    database: str | None = None
    arguments: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({}), repr=False, hash=False
    )
    ignored: tuple[str, ...] = ()

    def with_defaults(self, arguments: Mapping[str, str]) -> DatabaseUrl:
        """The same URL with arguments added where it has none of that name."""
        return replace(self, arguments=MappingProxyType({**arguments, **self.arguments}))

    def without(self, name: str) -> DatabaseUrl:
        """The same URL without one of its arguments."""
        rest = {key: value for key, value in self.arguments.items() if key != name}
        return replace(self, arguments=MappingProxyType(rest))

    def or_else(self, other: DatabaseUrl) -> DatabaseUrl:
        """The same URL, with what it leaves out taken from another, as libpq layers its sources.

        Arguments are taken one by one; a port is taken for hosts that have none.
        """
        hosts = self.hosts or other.hosts
        ports = [host.port for host in other.hosts]
        if (
            ports
            and all(host.port is None for host in hosts)
            and ports.count(ports[0]) == len(ports)
        ):
            hosts = tuple(host._replace(port=ports[0]) for host in hosts)
        elif hosts and not any(host.name for host in hosts) and len(other.hosts) == 1:
            hosts = tuple(host._replace(name=other.hosts[0].name) for host in hosts)
        return replace(
            self.with_defaults(other.arguments),
            user=self.user if self.user is not None else other.user,
            password=self.password if self.password is not None else other.password,
            hosts=hosts,
            database=self.database if self.database is not None else other.database,
            ignored=(*self.ignored, *other.ignored),
        )

    def socket_options(self) -> dict[str, int]:
        """Keepalives and timeouts of the socket, by the names of libpq's parameters."""
        return dict(sort_out(self.arguments).socket)

    def to_asyncpg(self) -> dict[str, object]:
        """Keyword arguments for ``asyncpg.connect`` or ``asyncpg.create_pool``.

        Example:
            >>> parse_url("postgres://app@db/app?connect_timeout=3").to_asyncpg()
            {'host': 'db', 'user': 'app', 'database': 'app', 'timeout': 3.0}
        """
        address: dict[str, object] = {}
        if len(self.hosts) == 1:
            host = self.hosts[0]
            given = {"host": host.name or None, "port": host.port}
            address = {name: value for name, value in given.items() if value is not None}
        elif self.hosts:
            address["host"] = [host.name for host in self.hosts]
            if any(host.port is not None for host in self.hosts):
                address["port"] = [host.port or 5432 for host in self.hosts]
        for name in ("user", "password", "database"):
            if (value := getattr(self, name)) is not None:
                address[name] = value
        return {**address, **sort_out(self.arguments).keywords()}

    def to_sqlalchemy(self) -> str:
        """The URL for ``create_async_engine``, with its password.

        SQLAlchemy hands a URL's arguments to asyncpg as strings, and its version 2.0 does not read
        escapes in the database's name. Give ``connect_args=url.sqlalchemy_connect_args()`` as well.

        Example:
            >>> parse_url("postgres://app:pw@db/app?sslmode=require").to_sqlalchemy()
            'postgresql+asyncpg://app:pw@db/app?ssl=require'
        """
        from urllib.parse import quote, urlencode

        arguments = sort_out(self.arguments)
        query: list[tuple[str, str]] = []
        one = self.hosts[0] if len(self.hosts) == 1 and not self.hosts[0].is_socket else None
        if self.hosts and one is None:
            query.append(("host", ",".join(host.name for host in self.hosts)))
            query.append(("port", ",".join(str(host.port or 5432) for host in self.hosts)))
        query += arguments.strings().items()
        address = _authority(self.user, self.password, str(one) if one else "")
        path = "" if self.database is None else f"/{quote(self.database, safe='')}"
        text = f"postgresql+asyncpg://{address}{path or ('/' if query else '')}"
        return f"{text}?{urlencode(query)}" if query else text

    def sqlalchemy_connect_args(self) -> dict[str, object]:
        """The arguments that ``to_sqlalchemy()`` cannot carry, for ``connect_args``.

        Numbers, and a database whose name has to be escaped in a URL.
        """
        from urllib.parse import quote

        arguments: dict[str, object] = {**sort_out(self.arguments).numbers()}
        if self.database is not None and quote(self.database, safe="") != self.database:
            # SQLAlchemy 2.0 leaves the name as the URL spells it
            arguments["database"] = self.database
        return arguments

    def redacted(self) -> str:
        """The URL for a person to read, with ``***`` for every secret."""
        from urllib.parse import quote, urlencode

        hosts = ",".join(
            quote(host.name, safe="") + (f":{host.port}" if host.port is not None else "")
            if host.is_socket
            else str(host).replace("%", "%25")
            for host in self.hosts
        )
        address = _authority(self.user, None if self.password is None else "***", hosts, safe="*")
        path = "" if self.database is None else f"/{quote(self.database, safe='')}"
        shown = {key: "***" if key in SECRET else value for key, value in self.arguments.items()}
        query = urlencode(shown, safe="*/:,")
        return f"postgresql://{address}{path}" + (f"?{query}" if query else "")

    def __str__(self) -> str:
        return self.redacted()


def parse_url(text: str, *, source: str | None = None) -> DatabaseUrl:
    """Read a URL or a libpq keyword string.

    Args:
        text: the URL.
        source: where it was written, for messages: ``"DATABASE_URL"``, ``"asyncmig.toml, url"``.

    Raises:
        UrlError: it is empty, malformed, or another database's. Neither the message nor the hint
            holds anything of the user's name or password.

    Example:
        >>> parse_url("postgresql+psycopg2://app:s3cret@[::1]:5433/app").redacted()
        'postgresql://app:***@[::1]:5433/app'
    """
    return _Reader(source).read(text)


def url_of_parameters(parameters: Mapping[str, str], *, source: str) -> DatabaseUrl:
    """A URL from parameters of libpq by name.

    Args:
        parameters: as a service file or the environment gives them.
        source: where they come from, for messages.

    Raises:
        UrlError: as for ``parse_url``.
    """
    return _Reader(source, what="connection").assemble({}, dict(parameters))


def _authority(user: str | None, password: str | None, hosts: str, *, safe: str = "") -> str:
    from urllib.parse import quote

    if user is None and password is None:
        return hosts
    login = quote(user or "", safe="")
    if password is not None:
        login += f":{quote(password, safe=safe)}"
    return f"{login}@{hosts}"


class _Reader:
    """Parses one URL; error messages name its source."""

    def __init__(self, source: str | None, what: str = "database url") -> None:
        self.source = source
        self.what = what

    def fault(self, what: str, hint: str | None = None) -> UrlError:
        where = f" (from {self.source})" if self.source else ""
        hint = hint or f"write it as {_EXAMPLE}"
        return UrlError(f"the {self.what}{where} {what}", hint=hint, source=self.source)

    def read(self, text: str) -> DatabaseUrl:
        if not text.strip():
            raise self.fault("is empty")
        if "\0" in text:
            raise self.fault("has a zero byte in it")
        if _JDBC.match(text):
            raise self.fault("is written for JDBC", f"leave off 'jdbc:' and write {_EXAMPLE}")
        if scheme := _SCHEME.match(text):
            self.check_scheme(scheme[1].lower())
            return self.read_uri(text[scheme.end() :].rstrip())
        if "://" not in text and _KEYWORD_DSN.match(text):
            return self.assemble({}, dict(self.keywords(text)))
        raise self.fault("has no 'postgresql://' in front")

    def check_scheme(self, scheme: str) -> None:
        if scheme in _POSTGRES_SCHEMES:
            return
        if scheme in _PLACEHOLDER_SCHEMES:
            raise self.fault(
                "is still a template's placeholder",
                f"write your own, {_EXAMPLE}, or set ASYNCMIG_URL or DATABASE_URL",
            )
        named = _OTHERS.get(scheme)
        what = f"is {named}'s" if named else f"has the unknown scheme '{scheme}'"
        hint = f"asyncmig migrates PostgreSQL only: {_EXAMPLE}"
        if scheme == "cockroachdb":
            hint = "asyncmig relies on PostgreSQL's own catalogs and locks: only PostgreSQL 14-18"
        raise self.fault(what, hint)

    def read_uri(self, rest: str) -> DatabaseUrl:
        before, _, query = rest.partition("?")
        authority, slash, path = before.partition("/")
        if "@" in path or "@" in query.partition("=")[0]:
            # An unescaped / or ? in a password moves its end in here.
            raise self.fault(
                "has an '@' after the host",
                "percent-encode special characters in the password: / is %2F, ? is %3F, @ is %40",
            )
        login, at, servers = authority.rpartition("@")
        parts: dict[str, str] = {}
        if at:
            user, colon, password = login.partition(":")
            parts["user"] = self.decode(user)
            if colon:
                parts["password"] = self.decode(password)
        if slash and path:
            parts["dbname"] = self.decode(path)
        if servers:
            names, ports = self.split_servers(servers)
            parts["host"] = ",".join(names)
            if any(ports):
                parts["port"] = ",".join(ports)
        return self.assemble(parts, self.read_query(query))

    def split_servers(self, servers: str) -> tuple[list[str], list[str]]:
        names: list[str] = []
        ports: list[str] = []
        for server in servers.split(","):
            if server.startswith("["):
                name, bracket, port = server[1:].partition("]")
                if not bracket or (port and not port.startswith(":")):
                    raise self.fault("has an IPv6 address without its closing bracket")
                port = port[1:]
            else:
                name, _, port = server.partition(":")
                if ":" in port:
                    raise self.fault(
                        "has several colons in its host",
                        "put an IPv6 address in brackets: postgresql://user@[::1]:5432/database;"
                        " percent-encode special characters in the password",
                    )
            names.append(self.decode(name))
            ports.append(port)
        return names, ports

    def read_query(self, query: str) -> dict[str, str]:
        arguments: dict[str, str] = {}
        hosts: list[str] = []
        for piece in filter(None, query.split("&")):
            key, equals, value = piece.partition("=")
            if not equals:
                raise self.fault("has an argument without '='", "write arguments as ?name=value")
            name = self.decode(key.replace("+", " "))
            value = self.decode(value.replace("+", " "))
            if name == "host":
                hosts.append(value)
            else:
                arguments[name] = value
        if hosts:
            arguments["host"] = ",".join(hosts)
        return arguments

    def keywords(self, text: str) -> Iterator[tuple[str, str]]:
        """The pairs of libpq's ``name = 'quoted value'`` form."""
        pair = re.compile(
            r"\s*(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)", re.DOTALL
        )
        at = 0
        end = len(text.rstrip())
        while at < end:
            match = pair.match(text, at)
            if match is None:
                raise self.fault(
                    "cannot be read as host=... dbname=... pairs",
                    "put a value with spaces in single quotes, and a backslash before a quote",
                )
            value = match[2] if match[2] is not None else match[3]
            yield match[1], re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
            at = match.end()

    def assemble(self, parts: Mapping[str, str], arguments: dict[str, str]) -> DatabaseUrl:
        """Let arguments override the URL's own parts, as libpq does, and check all of them."""
        given = dict(parts)
        address = arguments.pop("hostaddr", "")
        if address and (arguments.get("host") or parts.get("host")):
            raise self.fault(
                "has host and hostaddr",
                "give one of them; asyncpg cannot check a certificate for a"
                " name and connect to another address",
            )
        for name in _ADDRESS:
            if value := arguments.pop(name, ""):
                given["dbname" if name == "database" else name] = value
        given.setdefault("host", address)
        hosts = self.hosts(given.get("host", ""), given.get("port", ""))
        usable, ignored = checked_arguments(arguments, self.fault)
        return DatabaseUrl(
            user=given.get("user") or None,
            password=given.get("password"),
            hosts=hosts,
            database=given.get("dbname") or None,
            arguments=MappingProxyType(usable),
            ignored=ignored,
        )

    def hosts(self, names: str, ports: str) -> tuple[Host, ...]:
        if not names and not ports:
            return ()
        servers = [_host_and_port(name) for name in names.split(",")]
        given = ports.split(",") if ports else [""]
        if len(given) == 1:
            given *= len(servers)
        if len(given) != len(servers):
            raise self.fault(f"has {len(servers)} hosts and {len(given)} ports")
        several = len(servers) > 1
        for name, _ in servers:
            if not name.startswith("/") and not re.fullmatch(r"[^\s/@?#\[\]\\]*", name):
                raise self.fault(
                    "has a host with a character in it that no host's name has",
                    "percent-encode special characters in the password: / is %2F, @ is %40",
                )
        found = tuple(
            Host(name=name or ("localhost" if several else ""), port=self.port(own or port))
            for (name, own), port in zip(servers, given, strict=True)
        )
        return () if found == (Host(""),) else found

    def port(self, text: str) -> int | None:
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
            # What stands here may be the end of a password with an unescaped character in it.
            raise self.fault(
                "has a port that is not a number from 1 to 65535",
                "percent-encode special characters in the password: : is %3A, / is %2F, @ is %40",
            )
        return int(text)

    def decode(self, text: str) -> str:
        if re.search(r"%(?![0-9A-Fa-f]{2})", text):
            raise self.fault(
                "has a percent sign that encodes nothing", "write a literal percent sign as %25"
            )
        from urllib.parse import unquote

        try:
            decoded = unquote(text, errors="strict")
        except UnicodeDecodeError:
            raise self.fault("has percent-encoded bytes that are not UTF-8") from None
        if "\0" in decoded:
            raise self.fault("has a zero byte in it")
        return decoded


def _host_and_port(text: str) -> tuple[str, str]:
    """SQLAlchemy's ``host=name:port``; a bare IPv6 address has more than one colon."""
    if text.startswith("/") or text.count(":") != 1:
        return text, ""
    name, _, port = text.partition(":")
    return name, port
