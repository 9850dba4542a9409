"""Says why a command could not be done: a line of Chinese, a line of English, and no traceback."""

import errno
import sys
from collections.abc import Mapping

from engine.errors import Invalid, Problem, StoreUnavailable
from engine.store import failures
from engine.store.database import read_url
from handlers import settings
from handlers.errors import RuleRefused
from web import texts
from web.words import filled, problem_text

KINDS = (Problem, OSError, *failures.KINDS)
_REASONS: Mapping[int, tuple[str, str]] = {
    errno.ENOENT: ("没有这个文件或文件夹", "no such file or folder"),
    errno.EACCES: ("没有权限", "no permission"),
    errno.EPERM: ("没有权限", "no permission"),
    errno.EROFS: ("磁盘只读", "the disk is read-only"),
    errno.ENOTDIR: ("路径中有一段不是文件夹", "part of the path is no folder"),
    errno.EISDIR: ("这是文件夹，不是文件", "this is a folder, not a file"),
    errno.EEXIST: ("已有同名文件", "a file of that name is there already"),
    errno.ENOSPC: ("磁盘已满", "the disk is full"),
    errno.EDQUOT: ("磁盘配额已用完", "the disk quota is used up"),
    errno.ENAMETOOLONG: ("名称太长", "the name is too long"),
    errno.EADDRINUSE: ("已被占用", "it is taken"),
}


def tell(error: Exception) -> bool:
    """Print why something is refused, or not possible here; False for a bug, which needs its traceback."""
    problem = _problem(error)
    if problem is None:
        return False
    print(*dict.fromkeys(_lines(problem)), sep="\n", file=sys.stderr)
    return True


def _problem(error: Exception) -> Problem | None:
    """Find what to say; why a database is away is known by what lies behind the error."""
    cause = error.__cause__ if isinstance(error, StoreUnavailable) else error
    if isinstance(cause, failures.KINDS):
        why = failures.explained(cause, read_url(settings.from_environment().database_url))
        if why is not None:
            return why
    if isinstance(error, OSError):
        return _of_system(error)
    return error if isinstance(error, Problem) else None


def _of_system(error: OSError) -> Problem:
    """Say that a file or folder is missing, taken, or not ours to use."""
    said = error.strerror or str(error)
    reason = _REASONS.get(error.errno or 0, (said, said))
    if error.filename is None:
        return RuleRefused("not_possible", "无法完成：{reason}", reason=reason)
    file = error.filename.decode(errors="replace") if isinstance(error.filename, bytes) else error.filename
    return RuleRefused("place_unusable", "无法使用 {file}：{reason}", file=str(file), reason=reason)


def _lines(problem: Problem) -> list[str]:
    """Say a problem in Chinese, then in English; of an entry that does not fit, what is wrong with it."""
    wrong = list(problem.fields.values()) if isinstance(problem, Invalid) else []
    chinese = [template.format(**params) for template, params in wrong] or [problem.text()]
    with texts.speaking("en"):
        english = [filled(template, params) for template, params in wrong] or [problem_text(problem)]
    return [*chinese, *english]
