"""The name and the creation date of a new revision file."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from asyncmig.config.files.source import nearest
from asyncmig.errors import ConfigKeyError

if TYPE_CHECKING:
    from pathlib import PurePath

    from asyncmig.config.settings import Settings

__all__ = ["creation_date", "file_name", "slug"]


def slug(message: str, limit: int) -> str:
    """The words of a message for a file's name: lower case, joined by underscores.

    A longer one than ``limit`` characters is cut at the end of a word and ends with an underscore, as
    in Alembic.

    Example:
        >>> slug("Add the user's e-mail", 40), slug("Add the user's e-mail", 12)
        ('add_the_user_s_e_mail', 'add_the_')
    """
    text = "_".join(re.findall(r"\w+", message)).lower()
    if len(text) <= limit:
        return text
    return text[:limit].rsplit("_", 1)[0] + "_"


def creation_date(settings: Settings) -> datetime:
    """The current time in the settings' time zone; without one, local time without a zone.

    Raises:
        ConfigKeyError: there is no such zone.
    """
    now = datetime.now(tz=UTC)
    name = settings.timezone
    if name is None:
        return now.astimezone().replace(tzinfo=None)
    from zoneinfo import ZoneInfo, available_timezones

    for spelling in (name, name.upper()):
        try:
            return now.astimezone(ZoneInfo(spelling))
        except (OSError, ValueError, LookupError):
            continue
    known = available_timezones()
    near = nearest(name, known)
    hint = f"did you mean '{near}'?" if near else "write a name such as Europe/Berlin or UTC"
    if not known:
        hint = "this system has no time zone data: install the package tzdata"
    raise ConfigKeyError(
        f"there is no time zone '{name}'",
        hint=hint,
        path=settings.config_path,
        key="timezone",
        nearest=near,
    )


def file_name(settings: Settings, revision: str, message: str, made: datetime, ending: str) -> str:
    """The path of a new file below its version location, by ``file_template``.

    Raises:
        ConfigKeyError: the template has an unknown token, does not name a file below the folder, or
            creates folders that are not searched.
    """
    tokens: dict[str, object] = {
        "rev": revision,
        "slug": slug(message, settings.truncate_slug_length),
        "epoch": int(made.timestamp()),
        "year": made.year,
        "month": made.month,
        "day": made.day,
        "hour": made.hour,
        "minute": made.minute,
        "second": made.second,
    }
    template = settings.file_template
    try:
        name = template % tokens
    except KeyError as missing:
        token = str(missing.args[0])
        near = nearest(token, tokens)
        known = ", ".join(f"%({name})s" for name in tokens)
        hint = f"did you mean %({near})s? there are {known}" if near else f"there are {known}"
        raise _fault(settings, f"has the unknown token %({token})s", hint, near) from None
    except (ValueError, TypeError):
        hint = "write tokens as %(rev)s and %(month).2d, and a literal percent sign as %%"
        raise _fault(settings, "has a percent sign that starts no token", hint) from None
    from pathlib import PurePath

    path = PurePath(name + ending)
    if not _is_below(path):
        raise _fault(
            settings,
            f"gives '{name}', which is not a file below the folder",
            "start it with %(rev)s",
        )
    if len(path.parts) > 1 and not settings.recursive_version_locations:
        raise _fault(
            settings,
            "creates folders, in which revisions are not searched",
            "set recursive_version_locations = true, or take the / out of file_template",
        )
    return str(path)


def _is_below(path: PurePath) -> bool:
    hidden = path.name.startswith((".", "__init__."))
    return not (path.is_absolute() or path.drive or ".." in path.parts or hidden)


def _fault(settings: Settings, what: str, hint: str, near: str | None = None) -> ConfigKeyError:
    return ConfigKeyError(
        f"file_template {what}",
        hint=hint,
        path=settings.config_path,
        key="file_template",
        nearest=near,
    )
