"""Lets one at a time do what takes a whole core, with a short line of those who wait for their turn."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from handlers.errors import Overloaded
from handlers.shared import limits


class Turns:
    """One place in this process; nobody stands in the line more often than others can bear."""

    def __init__(
        self,
        line: int = limits.DECODING_LINE,
        of_one: int = limits.DECODING_OF_ONE,
        patience: float = limits.DECODING_PATIENCE_SECONDS,
    ) -> None:
        """Make a place.

        Args:
            line: how many may have the place or wait for it.
            of_one: how many of these may be one person's.
            patience: seconds to wait.
        """
        self._line, self._of_one, self._patience = line, of_one, patience
        self._place = threading.Lock()
        self._counting = threading.Lock()
        self._present: Counter[int] = Counter()

    @contextmanager
    def take(self, person_id: int) -> Iterator[None]:
        """Wait for the place, and hold it inside the block.

        Raises:
            Overloaded: the line is full, this person stands in it too often, or it takes too long.
        """
        with self._counting:
            if self._present.total() >= self._line or self._present[person_id] >= self._of_one:
                raise _busy()
            self._present[person_id] += 1
        try:
            if not self._place.acquire(timeout=self._patience):
                raise _busy()
            try:
                yield
            finally:
                self._place.release()
        finally:
            with self._counting:
                self._present[person_id] -= 1
                self._present += Counter()  # forgets who has gone


def _busy() -> Overloaded:
    return Overloaded("uploads_busy", "正在处理的照片太多，请几秒钟后再上传一次")


DECODING = Turns()
