"""Reads single settings from environment variables, and refuses what cannot be meant, naming the variable."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from urllib.parse import urlsplit

from handlers.errors import RuleRefused

_SHOWN = 40  # characters of a wrong value


@dataclass(frozen=True)
class Environment:
    """The environment variables of a process; an empty one counts as absent.

    Whatever is read raises RuleRefused when the variable holds something else than is asked for.
    """

    variables: Mapping[str, str]

    def text(self, name: str, default: str = "") -> str:
        """Return a text, which may be anything."""
        return self.variables.get(name) or default

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """Return a whole number within limits."""
        given = self.variables.get(name, "").strip()
        if not given:
            return default
        number = int(given) if given.isascii() and given.isdecimal() and len(given) < _SHOWN else None
        if number is None or not least <= number <= most:
            raise RuleRefused(
                "setting_no_whole_number",
                "环境变量 {name} 的值“{value}”无效，应为 {least} 至 {most} 的整数",
                name=name,
                value=shown(given),
                least=least,
                most=most,
            )
        return number

    def number(self, name: str, default: float, least: float, most: float) -> float:
        """Return a number within limits."""
        given = self.variables.get(name, "").strip()
        if not given:
            return default
        try:
            number = float(given)
        except ValueError:
            number = float("nan")
        if not isfinite(number) or not least <= number <= most:
            raise RuleRefused(
                "setting_no_number",
                "环境变量 {name} 的值“{value}”无效，应为 {least} 至 {most} 的数",
                name=name,
                value=shown(given),
                least=f"{least:g}",
                most=f"{most:g}",
            )
        return number

    def one_of(self, name: str, default: str, choices: Sequence[str]) -> str:
        """Return one of some words."""
        given = self.variables.get(name, "").strip() or default
        if given != default and given not in choices:
            raise RuleRefused(
                "setting_unknown",
                "环境变量 {name} 的值“{value}”无效，可用的值：{choices}",
                name=name,
                value=shown(given),
                choices=", ".join(choices),
            )
        return given

    def is_on(self, name: str) -> bool:
        """Tell whether a switch is on: a safeguard that is misspelt must not count as off."""
        return self.one_of(name, "0", ("0", "1")) == "1"

    def url(self, name: str) -> str:
        """Return an address of the web; "" where there is none."""
        given = self.variables.get(name, "").strip()
        if given and not _is_url(given):
            raise RuleRefused(
                "setting_no_url", "环境变量 {name} 应为以 http:// 或 https:// 开头的网址", name=name
            )
        return given

    def texts(self, name: str) -> Mapping[str, str]:
        """Return the texts of a JSON object by their names."""
        try:
            found = json.loads(self.variables.get(name) or "{}")
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise RuleRefused(
                "setting_no_object",
                "环境变量 {name} 应为 JSON 对象，名称和值都用双引号，例如 {example}",
                name=name,
                example='{"*": "SMS_1"}',
            )
        return found


def shown(value: str) -> str:
    """Return a wrong value as a line can show it."""
    cut = value if len(value) <= _SHOWN else value[:_SHOWN] + "…"
    return cut if cut.isprintable() else ascii(cut)[1:-1]


def _is_url(given: str) -> bool:
    try:
        parts = urlsplit(given)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port or an IPv6 address that is none
        return False
