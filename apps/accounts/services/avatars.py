"""Pictures of people. What comes in is hostile: it is drawn anew, and nothing else of it is kept."""

import hashlib
from io import BytesIO
from typing import IO

from django.db import transaction
from PIL import Image, ImageOps

from apps.accounts.models import Avatar, User

MAX_BYTES = 4 * 1024 * 1024
# What a telephone takes, and the largest screens show; each takes four bytes while it is drawn, as WebP sixteen.
MAX_PIXELS = 40_000_000
# Pixels; twice the size at which the largest avatar is shown.
SIDE = 256
# By content; the name of a file says nothing.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")

# Of the shrunk picture, drawn at a time.
_BAND = 64
# An upright picture looks the same at this quality, in some 10 KB.
_QUALITY = 82


class AvatarError(ValueError):
    """Why a file cannot be a picture of somebody, in words for them."""


def draw_avatar(source: IO[bytes]) -> bytes:
    """The picture in `source`, upright, cropped to its middle square, as WebP of `SIDE` pixels without metadata.

    Of a moving picture it is the first frame. Raises `AvatarError` for what is no picture, damaged or too large; the
    size is checked before anything is decoded.
    """
    try:
        with Image.open(source, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            # Has a large JPEG decoded at a fraction of its size.
            image.draft("RGB", (2 * SIDE, 2 * SIDE))
            drawn = _shrunk(image)
            # Turned last, when there is little to turn.
            drawn.info = image.info
            ImageOps.exif_transpose(drawn, in_place=True)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise AvatarError(
            f"This picture has more than {MAX_PIXELS // 1_000_000} megapixels. Make it smaller and try again."
        ) from error
    except Exception as error:
        # Of whatever kind: decoders fail in many ways on what somebody has tampered with.
        raise AvatarError("This is no JPEG, PNG, WebP or GIF picture, or it is damaged.") from error
    square = ImageOps.fit(drawn, (SIDE, SIDE), Image.Resampling.LANCZOS)
    # Colour profile and remarks, which would be written along.
    square.info = {}
    target = BytesIO()
    square.save(target, "WEBP", quality=_QUALITY)
    return target.getvalue()


def _shrunk(image: Image.Image) -> Image.Image:
    """The middle square of `image` in RGB or RGBA, shrunk by a whole factor to no less than twice `SIDE`.

    Band by band: each further picture of the size that came in would take as much memory again.
    """
    mode = "RGBA" if image.has_transparency_data else "RGB"
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    factor = max(1, side // (2 * SIDE))
    shrunk = Image.new(mode, (side // factor, side // factor))
    for row in range(0, shrunk.height, _BAND):
        end = min(row + _BAND, shrunk.height)
        band = image.crop((left, top + row * factor, left + shrunk.width * factor, top + end * factor))
        if band.mode.startswith("I"):
            # 16 bits of grey, which Pillow would cut off at 255.
            band = band.point(lambda grey: grey / 256).convert("L")
        shrunk.paste(band.convert(mode).reduce(factor), (0, row))
    return shrunk


@transaction.atomic
def keep_avatar(*, person: User, image: bytes) -> None:
    """Make `image`, as `draw_avatar` gave it, the picture of `person`."""
    Avatar.objects.update_or_create(person=person, defaults={"image": image})
    person.avatar_digest = hashlib.sha256(image).hexdigest()[:16]
    person.save(update_fields=["avatar_digest"])


@transaction.atomic
def remove_avatar(*, person: User) -> None:
    """Go back to the monogram; harmless without a picture."""
    Avatar.objects.filter(person=person).delete()
    person.avatar_digest = ""
    person.save(update_fields=["avatar_digest"])
