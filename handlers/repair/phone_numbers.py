"""Reads the numbers that telephones show."""

import re
import unicodedata

from handlers.errors import FieldsInvalid
from handlers.estate.identity import InvalidIdentity, normalised_phone

# An extension of the house, or the short number of a service: nobody's that could be called back.
_SHORT = re.compile(r"[0-9]{3,6}", re.ASCII)


def digits_of(caller: str) -> str:
    """Return the digits of a caller's number; empty when it is withheld or a switchboard's short one."""
    try:
        return normalised_phone(caller)
    except InvalidIdentity:
        return ""


def may_be_shown(caller: str) -> bool:
    """Tell whether a telephone shows such a number; none at all is a withheld one."""
    text = unicodedata.normalize("NFKC", caller).strip()
    return not text or _SHORT.fullmatch(text) is not None or digits_of(text) != ""


def require_shown(caller: str) -> str:
    """Return the digits of the number that a telephone shows, as `digits_of`.

    Raises:
        FieldsInvalid: no telephone shows that: it was mistyped, or is no number.
    """
    if not may_be_shown(caller):
        message = "号码应为 11 位手机号、固定电话（可带区号）或 3 至 6 位短号；没有显示号码就留空"
        raise FieldsInvalid({"caller": (message, {})})
    return digits_of(caller)
