"""What runs beside the pages in the same process: the engine's clock and the worker of the outbox."""

import threading
from datetime import timedelta

from engine import drafts, idempotency, rollup
from engine.scheduler import Periodic, Scheduler
from engine.work import SYSTEM, Engine
from handlers import bootstrap
from handlers.accounts import sign_in
from handlers.policy import uptime
from handlers.shared import attachments, outbox


class Background:
    """The clock and the outbox worker of one process."""

    def __init__(self, engine: Engine) -> None:
        self._scheduler = Scheduler(engine, _periodic(engine))
        self._worker = bootstrap.outbox_worker(engine)
        self._thread = threading.Thread(target=self._worker.serve, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin to fire timers and deliver messages."""
        self._scheduler.start()
        self._thread.start()

    def stop(self) -> None:
        """End after what runs now."""
        self._worker.stop()
        self._scheduler.stop()
        self._thread.join()


def _periodic(engine: Engine) -> tuple[Periodic, ...]:
    return (
        Periodic("beat", uptime.BEAT, lambda: uptime.beat(engine)),
        Periodic("fold reports", timedelta(minutes=1), lambda: rollup.fold(engine)),
        Periodic("purge outbox", timedelta(hours=6), lambda: engine.run(SYSTEM, outbox.purge)),
        Periodic("purge attempts", timedelta(hours=6), lambda: engine.run(SYSTEM, sign_in.purge_attempts)),
        Periodic("forget answers", timedelta(hours=6), lambda: engine.run(SYSTEM, idempotency.forget_old)),
        Periodic("forget drafts", timedelta(hours=6), lambda: engine.run(SYSTEM, drafts.forget_old)),
        Periodic("purge photos", timedelta(hours=6), lambda: attachments.purge_orphans(engine, SYSTEM)),
    )
