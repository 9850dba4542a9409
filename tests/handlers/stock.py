"""People and places that are put into a database once, and found there by every later test of the process."""

import shutil
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from engine.clock import SettableClock
from engine.work import Engine
from tests.handlers.estate_world import World

W = TypeVar("W", bound=World)


class Stock:
    """Worlds in SQLite files, to be copied; the engines that read them share one key file.

    Args:
        folder: for the files; it is there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[tuple[object, datetime], tuple[World, SettableClock, Path]] = {}

    def begin(self, make: Callable[[Engine, SettableClock], W], engine: Engine, clock: SettableClock) -> W:
        """Return the world that `make` puts into a database with the procedures deployed and nobody in it."""
        if not engine.database.is_sqlite:
            return make(engine, clock)
        path = Path(engine.database.url.database or "")
        kind = (make, clock.now())
        if kind not in self._kept:
            world = make(engine, clock)
            engine.database.dispose()
            file = shutil.copyfile(path, self._folder / f"{len(self._kept)}.db")
            self._kept[kind] = (deepcopy(world, {id(engine): engine, id(clock): clock}), clock, file)
            return world
        kept, old_clock, file = self._kept[kind]
        engine.database.dispose()
        for beside in ("-wal", "-shm"):
            Path(f"{path}{beside}").unlink(missing_ok=True)
        shutil.copyfile(file, path)
        again: W = deepcopy(kept, {id(kept.engine): engine, id(old_clock): clock})  # type: ignore[assignment]
        return again
