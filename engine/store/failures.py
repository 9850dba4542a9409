"""Says why a database could not be used, to whoever set it up."""

import sqlite3

import psycopg
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from engine.errors import Problem, StoreUnavailable

KINDS = (DBAPIError, sqlite3.Error, psycopg.Error)
_NOT_OURS = ("42501", "25006")  # insufficient privilege, read-only
_OF_URL = ("connection option", "connect_timeout")
_SAID = 300  # characters of what the driver said
_REASONS = (
    ("is not a database", ("文件不是数据库", "the file is no database")),
    ("malformed", ("文件已损坏，请从备份恢复", "the file is damaged; restore it from a backup")),
    ("unable to open", ("无法打开，请检查路径和权限", "it cannot be opened; look at path and permissions")),
    ("readonly", ("没有写入权限", "it cannot be written to")),
    ("is full", ("磁盘已满", "the disk is full")),
    ("is locked", ("正被其他程序占用，请稍后重试", "another program is using it; try again later")),
    ("disk I/O", ("读写磁盘出错", "the disk failed")),
)


def explained(error: BaseException, url: URL) -> Problem | None:
    """Say why a database could not be used; None when it could, and what was asked of it is at fault."""
    raw = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(raw, sqlite3.Error):
        reason = next((reason for words, reason in _REASONS if words in str(raw)), None)
        return None if reason is None else _unusable(url, reason)
    if isinstance(raw, psycopg.Error) and _is_set_up_wrongly(raw):
        lines = str(raw).strip().splitlines() or ["?"]
        return _unusable(url, lines[0][:_SAID])
    return None


def _is_set_up_wrongly(raw: psycopg.Error) -> bool:
    if isinstance(raw, psycopg.OperationalError | psycopg.InterfaceError) or raw.sqlstate in _NOT_OURS:
        return True
    return raw.sqlstate is None and any(words in str(raw) for words in _OF_URL)


def _unusable(url: URL, reason: str | tuple[str, str]) -> Problem:
    return StoreUnavailable(
        "database_unusable",
        "无法使用数据库 {database}：{reason}",
        database=url.database if url.get_backend_name() == "sqlite" else url.render_as_string(),
        reason=reason,
    )
