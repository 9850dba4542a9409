"""`wuye serve` and `wuye worker`: the processes of an installation."""

import argparse
import logging
import signal
import socket
import threading
from collections.abc import Callable
from ipaddress import ip_address
from time import gmtime
from typing import Any

from gunicorn.app.base import BaseApplication

from engine.errors import RuleBroken
from engine.store.database import Database
from handlers import bootstrap, settings
from web.app import COOKIE_SECRET, create_app
from web.background import Background
from web.cli import interpreter
from web.cli.engines import installed
from web.cli.saying import say
from web.config import from_environment

THREADS = 16
LINE = "%(asctime)s %(levelname)s %(name)s %(message)s"  # when, how bad, where, what
_LAST_PORT = 65_535
_NO_ADDRESS = 1  # what gunicorn ends with when it cannot listen
MOST_THREADS = 1000
STOP_SECONDS = 20


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    serve = commands.add_parser("serve", help="serve pages, with clock and outbox worker inside")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=int, default=8000, help="port to listen on (default: %(default)s)")
    serve.add_argument("--threads", type=int, default=THREADS, help="requests at once (default: %(default)s)")
    serve.set_defaults(run=run_serve)
    worker = commands.add_parser("worker", help="run clock and outbox without pages, beside other nodes")
    worker.set_defaults(run=run_worker)


def run_serve(arguments: argparse.Namespace) -> None:
    """Serve until told to stop."""
    require_port(arguments.port)
    if not 1 <= arguments.threads <= MOST_THREADS:
        raise RuleBroken(
            "threads_out_of_range",
            "--threads 应为 1 至 {most} 的整数，不能是 {given}",
            most=MOST_THREADS,
            given=arguments.threads,
        )
    _require_host(arguments.host)
    _log_to_stderr()
    config = from_environment()  # refuse here, not in the process that serves
    say_if_open(arguments.host, config.proxies)
    engine = installed()
    say_if_superuser(engine.database)
    settings.of(engine).secret(COOKIE_SECRET)
    engine.database.dispose()
    try:
        Server(arguments.host, arguments.port, arguments.threads).run()
    except SystemExit as ended:
        if ended.code != _NO_ADDRESS:
            raise
        raise RuleBroken(
            "address_unusable",
            "无法在 {host}:{port} 提供服务：端口已被占用或不许使用，或地址不属于本机",
            host=arguments.host,
            port=arguments.port,
        ) from ended


def say_if_open(host: str, proxies: int) -> None:
    """Say that visitors reach this process without a proxy, where they do: a slow one holds a thread."""
    if proxies or _is_loopback(host):
        return
    say(
        f"提醒：{host} 不是本机地址，也没有设 WUYE_PROXIES：慢连接会占住线程，且没有 TLS。"
        "请放在代理之后，见 README 的“放在反向代理之后”。",
        f"Note: {host} is no loopback address and WUYE_PROXIES is not set: slow connections hold threads, "
        "and there is no TLS. Put a proxy before it, see “Behind a proxy” in the README.",
    )


def say_if_superuser(database: Database) -> None:
    """Say that the database would refuse this process nothing, where that is so: a mistake could cost all."""
    if not database.is_superuser():
        return
    say(
        "提醒：数据库角色是超级用户，可改表结构和访问日志。请换成受限角色，"
        "见 docs/settings.md 的“The role of the database”。",
        "Note: the role of the database is a superuser, who may change tables and edit the access log. "
        "Use one with fewer rights, see “The role of the database” in docs/settings.md.",
    )


def _is_loopback(host: str) -> bool:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return all(ip_address(str(address[0]).partition("%")[0]).is_loopback for *_, address in found)


def require_port(port: int) -> None:
    """Refuse a number that is no port.

    Raises:
        RuleBroken: naming it.
    """
    if not 1 <= port <= _LAST_PORT:
        raise RuleBroken(
            "port_out_of_range",
            "端口应为 1 至 {most} 的整数，不能是 {given}",
            most=_LAST_PORT,
            given=port,
        )


def _require_host(host: str) -> None:
    try:
        socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise RuleBroken("host_unknown", "没有名为 {host} 的地址，请检查 --host", host=host) from error


def run_worker(_arguments: argparse.Namespace) -> None:
    """Run the clock and the outbox until told to stop."""
    _log_to_stderr()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    engine = installed()
    say_if_superuser(engine.database)
    background = Background(engine)
    interpreter.settle()
    background.start()
    stop.wait()
    background.stop()


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """One gunicorn process with threads; the engine lives in it, with its clock and its outbox worker."""

    def __init__(self, host: str, port: int, threads: int) -> None:
        self._options: dict[str, Any] = {
            "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": threads,
            "graceful_timeout": STOP_SECONDS,
            "control_socket_disable": True,
            "when_ready": lambda _server: _say_address(host, port),
            "post_worker_init": lambda _worker: self._begin(),
            "worker_exit": lambda _server, _worker: self._stop(),
        }
        self._background: Background
        super().__init__()

    def load_config(self) -> None:
        """Hand the options to gunicorn."""
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        """Build the application; gunicorn calls this in the process that serves."""
        engine = bootstrap.build(settings.from_environment())
        self._background = Background(engine)
        return create_app(engine, from_environment())

    def _begin(self) -> None:
        interpreter.settle()
        self._background.start()

    def _stop(self) -> None:
        if hasattr(self, "_background"):
            self._background.stop()


def _say_address(host: str, port: int) -> None:
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    say(f"物业云已启动，请用浏览器打开：{address}", f"Wuye Flow is ready at {address}")


class OneLine(logging.Formatter):
    """Begins a line with each record and with nothing else, so that no text that somebody sent forges one."""

    converter = gmtime  # type: ignore[assignment]  # typeshed wants None taken too, and gmtime takes it
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        """Return the record, its moment in UTC; its further lines are indented."""
        return "\n    ".join(super().format(record).splitlines())


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine(LINE))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it would tell of every tick
