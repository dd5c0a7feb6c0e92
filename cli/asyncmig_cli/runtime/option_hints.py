"""Hints of the library in terms of the command line: it names settings, a terminal has options for some."""

from asyncmig.errors import AsyncmigError, ConfigKeyError, UrlError

__all__ = ["hint_with_options"]

OPTIONS = {
    "`lock_wait`": "--lock-wait",
    "`wait_for_database`": "--wait-for-database",
}
URL_OPTIONS = "the command also takes --url, and --embedded for a private server"


def hint_with_options(error: AsyncmigError) -> str | None:
    """The hint of an error, with the options that a command has for the settings in it."""
    hint = error.hint
    if hint is None:
        return None
    for setting, option in OPTIONS.items():
        hint = hint.replace(setting, option)
    return f"{hint}; {URL_OPTIONS}" if _lacks_url(error) else hint


def _lacks_url(error: AsyncmigError) -> bool:
    if isinstance(error, UrlError):
        return error.missing
    return (
        isinstance(error, ConfigKeyError) and getattr(error, "key", "").rpartition(".")[2] == "url"
    )
