"""Characters that nobody sees, though they change how a text reads: controls, and marks of direction."""

import re

_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def invisible_in(text: str) -> str:
    """Name the first such character of a text as "U+202E"; "" where there is none."""
    found = _INVISIBLE.search(text)
    return f"U+{ord(found[0]):04X}" if found else ""
