"""Draws a first password as a picture, so that no page holds it as text."""

from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

_SIZE = 56
_MARGIN = 8


def picture(text: str) -> bytes:
    """Draw a line of Latin characters, black on white, as PNG."""
    font = ImageFont.load_default(_SIZE)
    left, top, right, bottom = (int(edge) for edge in font.getbbox(text))
    image = Image.new("L", (right - left + 2 * _MARGIN, bottom - top + 2 * _MARGIN), 255)
    ImageDraw.Draw(image).text((_MARGIN - left, _MARGIN - top), text, fill=0, font=font)
    written = BytesIO()
    image.save(written, "PNG")
    return written.getvalue()
