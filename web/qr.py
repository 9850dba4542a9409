"""Draws a text as a QR code of version 6, level L (ISO/IEC 18004): enough for an authenticator."""

from collections.abc import Iterator

from markupsafe import Markup

_SIZE = 41
_DATA, _CHECK, _BLOCKS = 68, 18, 2  # codewords of a block, and how many blocks
_LONGEST = _DATA * _BLOCKS - 2
_CENTRE = 34  # of the one alignment pattern
_FORMAT = 0b111011111000100  # level L, mask 0, with its checksum
_QUIET = 4

Grid = dict[tuple[int, int], bool]


def qr_svg(text: str, label: str) -> Markup:
    """Return the picture as SVG.

    Raises:
        ValueError: the text is longer than the picture can hold.
    """
    dark = sorted(place for place, is_dark in _modules(text.encode()).items() if is_dark)
    path = "".join(f"M{column + _QUIET} {row + _QUIET}h1v1h-1z" for row, column in dark)
    edge = _SIZE + 2 * _QUIET
    return Markup(  # format escapes the label; the path is digits
        '<svg class="qr" viewBox="0 0 {edge} {edge}" role="img" aria-label="{label}">'
        '<rect class="qr-paper" width="{edge}" height="{edge}"/><path class="qr-ink" d="{path}"/></svg>'
    ).format(edge=edge, label=label, path=path)


def _modules(data: bytes) -> Grid:
    grid = _patterns()
    bits = _bits(_codewords(data))
    for row, column in _path():
        if (row, column) not in grid:
            grid[row, column] = next(bits, False) ^ ((row + column) % 2 == 0)
    return grid


def _patterns() -> Grid:
    """Draw what every such code has: finders, timing, alignment and the format."""
    grid: Grid = {}
    for top, left in ((0, 0), (0, _SIZE - 7), (_SIZE - 7, 0)):
        for row in range(-1, 8):
            for column in range(-1, 8):
                place = (top + row, left + column)
                if all(0 <= one < _SIZE for one in place):
                    ring = max(abs(row - 3), abs(column - 3))
                    grid[place] = ring in (0, 1, 3)
    for row in range(-2, 3):
        for column in range(-2, 3):
            grid[_CENTRE + row, _CENTRE + column] = max(abs(row), abs(column)) != 1
    for one in range(8, _SIZE - 8):
        grid[6, one] = grid[one, 6] = one % 2 == 0
    for number, (row, column) in enumerate(_format_places()):
        grid[row, column] = bool(_FORMAT >> (number % 15) & 1)
    grid[_SIZE - 8, 8] = True
    return grid


def _format_places() -> Iterator[tuple[int, int]]:
    """Yield where the fifteen bits of the format stand, the lowest first, twice."""
    yield from ((row, 8) for row in (0, 1, 2, 3, 4, 5, 7, 8))
    yield from ((8, column) for column in (7, 5, 4, 3, 2, 1, 0))
    yield from ((8, _SIZE - 1 - column) for column in range(8))
    yield from ((row, 8) for row in range(_SIZE - 7, _SIZE))


def _path() -> Iterator[tuple[int, int]]:
    """Yield every place in the order of the data: pairs of columns from the right, up and down in turn."""
    up = True
    for right in (*range(_SIZE - 1, 6, -2), 5, 3, 1):
        rows = range(_SIZE - 1, -1, -1) if up else range(_SIZE)
        for row in rows:
            yield row, right
            yield row, right - 1
        up = not up


def _codewords(data: bytes) -> list[int]:
    """Put a text into codewords, filled up and checked, the blocks interleaved."""
    if len(data) > _LONGEST:
        raise ValueError(f"{len(data)} bytes are more than {_LONGEST}")
    number = (0b0100 << 8 | len(data)) << 8 * len(data) | int.from_bytes(data, "big")
    filled = (number << 4).to_bytes(len(data) + 2, "big")
    rest = _DATA * _BLOCKS - len(filled)
    filled += (b"\xec\x11" * (rest // 2 + 1))[:rest]
    blocks = [filled[at : at + _DATA] for at in range(0, len(filled), _DATA)]
    checks = [_check(block) for block in blocks]
    return [one for part in (blocks, checks) for column in zip(*part, strict=True) for one in column]


def _check(block: bytes) -> list[int]:
    """Divide by the generator of Reed and Solomon; the remainder is the checksum."""
    generator = [1]
    root = 1
    for _ in range(_CHECK):
        shifted = [*generator, 0]
        for place, one in enumerate(generator, 1):
            shifted[place] ^= _times(one, root)
        generator, root = shifted, _times(root, 2)
    remainder = [*block, *[0] * _CHECK]
    for place in range(len(block)):
        factor = remainder[place]
        for offset, one in enumerate(generator):
            remainder[place + offset] ^= _times(one, factor)
    return remainder[-_CHECK:]


def _times(one: int, other: int) -> int:
    """Multiply in the field of 256 elements."""
    product = 0
    while other:
        if other & 1:
            product ^= one
        one = one << 1 ^ (0x11D if one & 128 else 0)
        other >>= 1
    return product


def _bits(codewords: list[int]) -> Iterator[bool]:
    return (bool(one >> place & 1) for one in codewords for place in range(7, -1, -1))
