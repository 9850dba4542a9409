"""Says what a command did: a line of Chinese, a line of English."""

import sys


def say(chinese: str, english: str) -> None:
    """Print what was done."""
    print(chinese, english, sep="\n", flush=True)


def complain(chinese: str, english: str) -> None:
    """Print what is wrong, where errors are read."""
    print(chinese, english, sep="\n", file=sys.stderr)
