"""What an installation is told by its environment, and the secrets it makes for itself on first use."""

import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.store.database import read_url, sqlite_url
from engine.work import Engine
from handlers.environment import Environment
from handlers.errors import RuleRefused

ALGORITHMS = ("AES-256-GCM", "SM4-GCM")
SUPPLIERS = ("aliyun", "tencent")
ANCHORS = "access-log.anchors"
_CACHE_KEY = "settings"
_PREFIX = "WUYE_"
_SHORTEST_SECRET = 32
_SUPPLIER = ("name", "url", "key_id", "key_secret", "sign_name", "app_id", "region")


@dataclass(frozen=True)
class Gateway:
    """An HTTP gateway that messages are handed to.

    Attributes:
        url: where to post; empty when the installation has none.
        secret: shared key of the HMAC that signs each request.
    """

    url: str = ""
    secret: str = ""


@dataclass(frozen=True)
class Supplier:
    """A supplier of text messages that is called without a gateway in between.

    Attributes:
        name: "aliyun", "tencent", or empty where there is none.
        url: of its interface.
        templates: the supplier's code for each of our texts, "*" for every other one.
        app_id, region: asked for by Tencent only.
    """

    name: str = ""
    url: str = ""
    key_id: str = ""
    key_secret: str = ""
    sign_name: str = ""
    app_id: str = ""
    region: str = "ap-guangzhou"
    templates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mail:
    """The SMTP server that mail is handed to."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    sender: str = "wuye@localhost"
    starttls: bool = False


@dataclass(frozen=True)
class Settings:
    """Everything that differs between installations.

    Attributes:
        database_url: SQLAlchemy URL; SQLite inside `data_dir` where none was given.
        data_dir: holds the database, attachments and secrets.
        algorithm: cipher of newly made keys, "AES-256-GCM" or "SM4-GCM".
        job_seconds: how long an outbox job may run before its child process is killed.
        job_children: how many child processes run outbox jobs.
        demo: people and houses are made up, so the page of messages may show what is secret elsewhere.
        anchor_file: where the ends of the access log are kept; best on a disk that the database's
            administrators cannot write to.
    """

    database_url: str
    data_dir: Path
    algorithm: str = "AES-256-GCM"
    job_seconds: float = 30.0
    job_children: int = 2
    sms: Gateway = Gateway()
    wechat: Gateway = Gateway()
    voice: Gateway = Gateway()
    mail: Mail = Mail()
    demo: bool = False
    supplier: Supplier = Supplier()
    face: Gateway = Gateway()
    anchor_file: Path | None = None

    @property
    def key_file(self) -> Path:
        """Where the key ring lies."""
        return self.data_dir / "keys.json"

    @property
    def anchors(self) -> Path:
        """Where the ends of the access log are kept, apart from the database."""
        return self.anchor_file or self.data_dir / ANCHORS

    @property
    def attachments_dir(self) -> Path:
        """Where uploaded photos and videos lie, sealed."""
        return self.data_dir / "attachments"

    @property
    def work_dir(self) -> Path:
        """Where the files lie that long work reads or makes, sealed."""
        return self.data_dir / "work"

    def secret(self, name: str) -> str:
        """Return a secret of this installation, such as the one that signs cookies; made on first use.

        Raises:
            RuleRefused: its file is damaged.
        """
        given = os.environ.get(_PREFIX + name.upper())
        if given:
            return given
        path = self.data_dir / f"{name}.secret"
        try:
            found = read_or_create(path, lambda: secrets.token_urlsafe(48)).strip()
        except UnicodeDecodeError:
            found = ""
        if len(found) < _SHORTEST_SECRET:
            raise RuleRefused(
                "secret_broken",
                "文件 {file} 已损坏；请从备份恢复，或删除它（大家须重新登录）",
                file=str(path),
            )
        return found


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from environment variables.

    Args:
        environment: DATABASE_URL and WUYE_*; the process's own when absent.
    Raises:
        Refused: one holds something that cannot be meant.
    """
    env = Environment(os.environ if environment is None else environment)
    data_dir = Path(env.text("WUYE_DATA_DIR", "var")).absolute()
    anchor_file = env.text("WUYE_ANCHOR_FILE")
    return Settings(
        database_url=_database_url(env, data_dir),
        data_dir=data_dir,
        algorithm=env.one_of("WUYE_SEAL_ALGORITHM", "AES-256-GCM", ALGORITHMS),
        job_seconds=env.number("WUYE_JOB_SECONDS", 30, 0.1, 86_400),
        job_children=env.whole("WUYE_JOB_CHILDREN", 2, 1, 64),
        sms=_gateway(env, "SMS"),
        wechat=_gateway(env, "WECHAT"),
        voice=_gateway(env, "VOICE"),
        mail=Mail(
            host=env.text("WUYE_MAIL_HOST"),
            port=env.whole("WUYE_MAIL_PORT", 25, 1, 65_535),
            user=env.text("WUYE_MAIL_USER"),
            password=env.text("WUYE_MAIL_PASSWORD"),
            sender=env.text("WUYE_MAIL_SENDER", "wuye@localhost"),
            starttls=env.is_on("WUYE_MAIL_STARTTLS"),
        ),
        demo=env.is_on("WUYE_DEMO"),
        supplier=_supplier(env),
        face=_gateway(env, "FACE"),
        anchor_file=Path(anchor_file).absolute() if anchor_file else None,
    )


def as_environment(settings: Settings) -> dict[str, str]:
    """Write settings as the environment variables that a child process reads them back from."""
    env = {
        "DATABASE_URL": settings.database_url,
        "WUYE_DATA_DIR": str(settings.data_dir),
        "WUYE_SEAL_ALGORITHM": settings.algorithm,
        "WUYE_JOB_SECONDS": str(settings.job_seconds),
        "WUYE_JOB_CHILDREN": str(settings.job_children),
        "WUYE_MAIL_HOST": settings.mail.host,
        "WUYE_MAIL_PORT": str(settings.mail.port),
        "WUYE_MAIL_USER": settings.mail.user,
        "WUYE_MAIL_PASSWORD": settings.mail.password,
        "WUYE_MAIL_SENDER": settings.mail.sender,
        "WUYE_MAIL_STARTTLS": "1" if settings.mail.starttls else "",
        "WUYE_DEMO": "1" if settings.demo else "",
        "WUYE_ANCHOR_FILE": str(settings.anchor_file or ""),
    }
    for key in _SUPPLIER:
        env[f"WUYE_SUPPLIER_{key.upper()}"] = getattr(settings.supplier, key)
    env["WUYE_SUPPLIER_TEMPLATES"] = json.dumps(dict(settings.supplier.templates))
    gateways = {
        "SMS": settings.sms,
        "WECHAT": settings.wechat,
        "VOICE": settings.voice,
        "FACE": settings.face,
    }
    for name, gateway in gateways.items():
        env[f"WUYE_{name}_URL"] = gateway.url
        env[f"WUYE_{name}_SECRET"] = gateway.secret
    return env


def keep(engine: Engine, settings: Settings) -> None:
    """Let modules that are given an engine find the settings it was built from."""
    engine.cache[_CACHE_KEY] = settings


def of(engine: Engine) -> Settings:
    """Return the settings an engine was built from."""
    settings = engine.cache[_CACHE_KEY]
    assert isinstance(settings, Settings)
    return settings


def read_or_create(path: Path, make: Callable[[], str]) -> str:
    """Read a private file, making it first where it is missing; of two makers at once one wins.

    Args:
        make: returns the content of a new file, which only its owner may read.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # fails when another process was first: then its content counts
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="utf-8")


def _database_url(env: Environment, data_dir: Path) -> str:
    given = env.text("DATABASE_URL", sqlite_url(data_dir / "wuye.db"))
    read_url(given)
    return given


def _gateway(env: Environment, name: str) -> Gateway:
    return Gateway(env.url(f"WUYE_{name}_URL"), env.text(f"WUYE_{name}_SECRET"))


def _supplier(env: Environment) -> Supplier:
    """Read WUYE_SUPPLIER_*; the templates are a JSON object."""
    given = {key: env.text(f"WUYE_SUPPLIER_{key.upper()}") for key in _SUPPLIER}
    given["name"] = env.one_of("WUYE_SUPPLIER_NAME", "", SUPPLIERS)
    given["url"] = env.url("WUYE_SUPPLIER_URL")
    templates = env.texts("WUYE_SUPPLIER_TEMPLATES")
    return Supplier(**{key: value for key, value in given.items() if value}, templates=templates)
