"""The models of a project: a caller's, those of an ``env.py``, or those that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio.to_thread

from asyncmig.project.user_objects import as_list, load_models

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.schema import MetaData

    from asyncmig.autogenerate.empty_models import ModelOrigins
    from asyncmig.config.settings import Settings

__all__ = ["Models"]


class Models:
    """The models to compare with, imported once.

    Args:
        given: by the caller; None uses those of an ``env.py`` or of the settings.
    """

    def __init__(self, given: MetaData | str | Sequence[MetaData | str] | None) -> None:
        self.given = given
        self._loaded: tuple[MetaData, ...] | None = None
        self._place: str | None = None

    def use_env(self, metadata: Any, settings: Settings) -> None:
        """Take the ``target_metadata`` of an ``env.py``, one or several, unless there are models already."""
        if self._loaded is not None or self.given is not None:
            return
        if metadata is not None:
            self._loaded = tuple(metadata) if isinstance(metadata, list | tuple) else (metadata,)
        if metadata is not None or not settings.target_metadata:
            self._place = "env.py"

    async def load(self, settings: Settings) -> tuple[MetaData, ...]:
        """The models; those that the settings name are imported on first use."""
        if self._loaded is None:
            given = self.given or settings.target_metadata
            self._loaded = await anyio.to_thread.run_sync(load_models, settings, given)
        return self._loaded

    def origins(self, settings: Settings) -> ModelOrigins:
        """Where the models come from, for messages."""
        from asyncmig.autogenerate.empty_models import ModelOrigins

        if self._place is not None:
            return ModelOrigins(place=self._place)
        given = as_list(self.given or settings.target_metadata)
        specs = [item if isinstance(item, str) else None for item in given]
        file = None if self.given else settings.config_path
        return ModelOrigins(specs=specs, place=None if file is None else file.name)
