"""Pictures people upload: known by their content, never by their name, and made anew."""

from __future__ import annotations

import io

from PIL import Image, ImageOps, UnidentifiedImageError

KINDS = ("PNG", "JPEG", "GIF", "WEBP")
MOST_BYTES = 2 * 1024 * 1024
# A small file can unfold into gigabytes: the size is asked before anything is unfolded.
MOST_PIXELS = 16_000_000
# As large as 8 cm in print are sharp.
LOGO_BOX = (960, 480)


def logo_png(data: bytes) -> bytes:
    """The picture as a small PNG without whatever else the file carried.

    Raises ValueError with a sentence for what is no picture, or too large a one.
    """
    if len(data) > MOST_BYTES:
        raise ValueError("This file is larger than 2 MB. Make the picture smaller and try again.")
    try:
        # The kinds are named: Pillow has readers for dozens, and not all of them are safe.
        with Image.open(io.BytesIO(data), formats=KINDS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError("This picture has more than 16 million dots; make it smaller.")
            return _small(image)
    except (UnidentifiedImageError, OSError, SyntaxError, EOFError) as error:
        raise ValueError("This is no picture that can be read: use PNG, JPEG or WebP.") from error


def _small(image: Image.Image) -> bytes:
    small = ImageOps.exif_transpose(image).convert("RGBA")
    small.thumbnail(LOGO_BOX)
    clean = Image.new("RGBA", small.size)
    clean.paste(small)
    found = io.BytesIO()
    clean.save(found, "PNG", optimize=True)
    return found.getvalue()
