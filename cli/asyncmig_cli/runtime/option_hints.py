"""Hints of the library in terms of the command line: it names settings, a terminal has options for some."""

from asyncmig.errors import AsyncmigError, ConfigKeyError, UrlError

__all__ = ["fields_with_options", "hint_with_options"]

OPTIONS = {
    "`lock_wait`": "--lock-wait",
    "`wait_for_database`": "--wait-for-database",
}
URL_OPTIONS = "the command also takes --url, and --embedded for a private server"


def hint_with_options(error: AsyncmigError) -> str | None:
    """The hint of an error, with the options that a command has for the settings in it."""
    if error.hint is None:
        return None
    hint = _with_options(error.hint)
    return f"{hint}; {URL_OPTIONS}" if _lacks_url(error) else hint


def fields_with_options(error: AsyncmigError) -> dict[str, object]:
    """The fields of an error; the hints of the databases that failed are like that of the error."""
    fields = error.fields()
    if error.failures:
        fields["failures"] = {
            name: {**failure, "hint": _with_options(failure["hint"] or "") or None}
            for name, failure in error.failures.items()
        }
    return fields


def _with_options(hint: str) -> str:
    for setting, option in OPTIONS.items():
        hint = hint.replace(setting, option)
    return hint


def _lacks_url(error: AsyncmigError) -> bool:
    if isinstance(error, UrlError):
        return error.missing
    return (
        isinstance(error, ConfigKeyError) and getattr(error, "key", "").rpartition(".")[2] == "url"
    )
