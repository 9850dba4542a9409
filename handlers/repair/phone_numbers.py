"""Reads the numbers that telephones show."""

from handlers.estate.identity import InvalidIdentity, normalised_phone


def digits_of(caller: str) -> str:
    """Return the digits of a caller's number; empty when it is withheld or a switchboard's short one."""
    try:
        return normalised_phone(caller)
    except InvalidIdentity:
        return ""
