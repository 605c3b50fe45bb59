"""Pictures of people. What comes in is hostile: it is drawn anew, and nothing else of it is kept."""

import hashlib
from io import BytesIO
from typing import IO

from django.db import transaction
from PIL import Image, ImageOps

from apps.accounts.models import Avatar, User

MAX_BYTES = 4 * 1024 * 1024
# What a good camera takes; four bytes each are held while it is drawn.
MAX_PIXELS = 40_000_000
# Pixels; twice the size at which the largest avatar is shown.
SIDE = 256
# By content; the name of a file says nothing.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")

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
            ImageOps.exif_transpose(image, in_place=True)
            # 16 bits of grey, which Pillow would cut off at 255.
            drawn = image.point(lambda grey: grey / 256).convert("L") if image.mode.startswith("I") else image
            drawn = drawn.convert("RGBA" if drawn.has_transparency_data else "RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise AvatarError(
            "This picture has more than 40 megapixels. Make it smaller and try again."
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
