"""What runs beside the pages in the same process: the engine's clock and the worker of the outbox."""

import threading
from datetime import timedelta

from engine import drafts, idempotency, reminders, rollup
from engine.scheduler import Periodic, Scheduler
from engine.work import SYSTEM, Engine
from handlers import bootstrap
from handlers.accounts import dormancy, sign_in
from handlers.checking import sampling
from handlers.estate import counted, import_undo
from handlers.moving import leases
from handlers.owning import codes, quotas, reminding
from handlers.policy import uptime
from handlers.privacy import retention_nights
from handlers.safety import verifying
from handlers.shared import attachments, lapsing, log_anchors, long_work, outbox, work_files
from handlers.staffing import reviewing


class Background:
    """The clock and the outbox worker of one process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._scheduler = Scheduler(engine, _periodic(engine))
        self._workers = (bootstrap.outbox_worker(engine), bootstrap.long_worker(engine))
        self._threads = tuple(
            threading.Thread(target=worker.serve, name=name, daemon=True)
            for worker, name in zip(self._workers, ("outbox", "long work"), strict=True)
        )

    def start(self) -> None:
        """Begin to fire timers and deliver messages."""
        log_anchors.keep(self._engine)
        log_anchors.keep_at_once(self._engine)
        lapsing.end(self._engine, bootstrap.LAPSES)
        self._scheduler.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after what runs now."""
        for worker in self._workers:
            worker.stop()
        self._scheduler.stop()
        for thread in self._threads:
            thread.join()
        lapsing.end(self._engine, bootstrap.LAPSES)


def _periodic(engine: Engine) -> tuple[Periodic, ...]:
    return (
        Periodic("beat", uptime.BEAT, lambda: uptime.beat(engine)),
        Periodic("fold reports", timedelta(minutes=1), lambda: rollup.fold(engine)),
        Periodic("remind", timedelta(seconds=30), lambda: reminders.fire_due(engine)),
        Periodic("end what lapsed", lapsing.EVERY, lambda: lapsing.end(engine, bootstrap.LAPSES)),
        Periodic("look at the clock", lapsing.WATCHED, lapsing.watch(engine).look),
        Periodic("purge outbox", timedelta(hours=6), lambda: engine.run(SYSTEM, outbox.purge)),
        Periodic("purge long work", timedelta(hours=6), lambda: engine.run(SYSTEM, long_work.purge)),
        Periodic("purge work files", timedelta(hours=6), lambda: work_files.purge(engine)),
        Periodic("forget imports", timedelta(hours=1), lambda: engine.run(SYSTEM, import_undo.forget_old)),
        Periodic("anchor access log", log_anchors.EVERY, lambda: log_anchors.keep(engine)),
        Periodic("review posts", reviewing.EVERY, lambda: reviewing.watch(engine)),
        Periodic("draw samples", sampling.EVERY, lambda: sampling.watch(engine)),
        Periodic("lock unused accounts", dormancy.EVERY, lambda: dormancy.watch(engine)),
        Periodic("purge attempts", timedelta(hours=6), lambda: engine.run(SYSTEM, sign_in.purge_attempts)),
        Periodic("watch leases", leases.EVERY, lambda: leases.watch(engine)),
        Periodic("remind owners", reminding.EVERY, lambda: reminding.watch(engine)),
        Periodic("purge codes", timedelta(hours=6), lambda: engine.run(SYSTEM, codes.purge)),
        Periodic("purge quotas", timedelta(hours=6), lambda: engine.run(SYSTEM, quotas.purge)),
        Periodic("count owners", counted.EVERY, lambda: counted.watch(engine)),
        Periodic("keep periods", retention_nights.EVERY, lambda: retention_nights.watch(engine)),
        Periodic("verify access log", verifying.EVERY, lambda: verifying.watch(engine)),
        Periodic("forget answers", timedelta(hours=6), lambda: engine.run(SYSTEM, idempotency.forget_old)),
        Periodic("forget drafts", timedelta(hours=6), lambda: engine.run(SYSTEM, drafts.forget_old)),
        Periodic("purge photos", timedelta(hours=6), lambda: attachments.purge_orphans(engine, SYSTEM)),
    )
