import hashlib
import os
import socket
import subprocess
import sys
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from apps.accounts.models import Avatar, User
from apps.accounts.services.avatars import (
    MAX_BYTES,
    SIDE,
    AvatarError,
    draw_avatar,
    keep_avatar,
    remove_avatar,
)
from apps.core.uploads import MAX_UPLOAD_BYTES
from tests.accounts.clients import client_of
from tests.accounts.pictures import lying_png, opened, picture

PROFILE = "/settings/profile/"


def drawn(source: bytes) -> Image.Image:
    return opened(draw_avatar(BytesIO(source)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_avatar_is_a_square_webp_of_whatever_came_in(kind: str) -> None:
    image = drawn(picture(kind, (300, 200)))

    assert (image.format, image.size, image.mode) == ("WEBP", (SIDE, SIDE), "RGB")


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("JPEG", "CMYK"),
        ("JPEG", "L"),
        ("PNG", "1"),
        ("PNG", "L"),
        ("PNG", "LA"),
        ("PNG", "P"),
        ("PNG", "RGBA"),
        ("PNG", "I;16"),
        ("WEBP", "RGBA"),
    ],
)
def test_avatar_is_drawn_in_every_mode_of_colour(kind: str, mode: str) -> None:
    source = BytesIO()
    if mode == "I;16":
        Image.new("I;16", (20, 20), 0x8000).save(source, "PNG")
        assert abs(drawn(source.getvalue()).convert("L").getpixel((9, 9)) - 0x80) < 3
    else:
        image = drawn(picture(kind, (300, 300), mode))
        assert image.size == (SIDE, SIDE)
        grey = image.convert("L")
        assert abs(grey.getpixel((10, 100)) - grey.getpixel((245, 100))) > 20


def test_avatar_keeps_transparency_of_a_palette() -> None:
    source = BytesIO()
    image = Image.new("P", (20, 20), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(1, (10, 0, 20, 20))
    image.save(source, "PNG", transparency=0)

    result = drawn(source.getvalue())

    assert result.mode == "RGBA"
    assert result.getpixel((10, 100))[3] == 0
    assert result.getpixel((245, 100))[3] == 255


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_avatar_of_a_moving_picture_is_its_first_frame(kind: str) -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "lime", "blue")]
    source = BytesIO()
    frames[0].save(source, kind, save_all=True, append_images=frames[1:], duration=50)

    image = drawn(source.getvalue())

    assert getattr(image, "n_frames", 1) == 1
    red, green, blue = image.convert("RGB").getpixel((100, 100))
    assert red > 200 > 60 > max(green, blue)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
def test_avatar_is_upright_and_without_metadata(kind: str) -> None:
    exif = Image.Exif()
    # To be turned by a quarter: the red left half is the upper half then. And who took it.
    exif[0x0112] = 6
    exif[0x013B] = "Mallory was here"
    source = picture(kind, (1200, 1200), exif=exif.tobytes(), icc_profile=b"a profile of colours")

    result = draw_avatar(BytesIO(source))

    image = opened(result).convert("RGB")
    assert image.getpixel((128, 20))[0] > 200
    assert image.getpixel((128, 236))[2] > 200
    assert b"Mallory" not in result
    assert b"EXIF" not in result
    assert b"ICCP" not in result


@pytest.mark.parametrize("size", [(1, 10000), (10000, 1), (1, 1), (5000, 3)])
def test_avatar_is_the_middle_of_a_picture_of_whatever_shape(size: tuple[int, int]) -> None:
    assert drawn(picture("PNG", size)).size == (SIDE, SIDE)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.9])
def test_avatar_of_a_truncated_file_is_refused(kind: str, share: float) -> None:
    image = Image.effect_noise((200, 200), 80).convert("RGB")
    target = BytesIO()
    image.save(target, kind)
    source = target.getvalue()

    with pytest.raises(AvatarError, match="damaged"):
        draw_avatar(BytesIO(source[: int(len(source) * share)]))


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        b"\xff\xd8\xff\xe1" + b"\xff" * 5000,
        b"RIFF\x00\x00\x00\x00WEBPVP8 " + b"\0" * 64,
        picture("BMP"),
        picture("TIFF"),
        picture("PPM"),
        picture("PNG")[:60] + b"junk" * 30,
    ],
    ids=["empty", "bare gif", "svg", "pdf", "png", "jpeg", "webp", "bmp", "tiff", "ppm", "spoilt png"],
)  # fmt: skip
def test_avatar_of_what_is_no_picture_is_refused(source: bytes) -> None:
    with pytest.raises(AvatarError, match="no JPEG, PNG, WebP or GIF"):
        draw_avatar(BytesIO(source))


@pytest.mark.parametrize("size", [(6400, 6251), (9000, 10000), (30000, 30000), (2_000_000_000, 1)])
# What Pillow says of these by itself; outside tests it goes to the log.
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_avatar_of_too_many_pixels_is_refused_before_it_is_decoded(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*args: object) -> None:
        raise AssertionError("It was decoded.")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)

    with pytest.raises(AvatarError, match="40 megapixels"):
        draw_avatar(BytesIO(lying_png(*size)))


# Prints by how many bytes drawing the picture in a file raises what the process holds at most.
MEASURE = """
import resource, sys
import django
django.setup()
from apps.accounts.services.avatars import draw_avatar
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open(sys.argv[1], "rb") as file:
    draw_avatar(file)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


def test_avatar_of_many_pixels_is_held_once(tmp_path: Any) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.new("RGBA", (6300, 6300), (9, 9, 9, 128))
    image.save(tmp_path / "large.png", exif=exif, compress_level=1)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "stackshare.settings"}

    answer = subprocess.run(
        [sys.executable, "-c", MEASURE, tmp_path / "large.png"],
        env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert answer.returncode == 0, answer.stderr
    assert int(answer.stdout) < 1.7 * 6300 * 6300 * 4


def test_avatar_that_is_shrunk_is_upright_and_transparent() -> None:
    image = Image.new("RGBA", (2400, 2000), "blue")
    image.paste((255, 0, 0, 0), (0, 0, 1200, 2000))
    exif = Image.Exif()
    exif[0x0112] = 6
    source = BytesIO()
    image.save(source, "PNG", exif=exif)

    result = drawn(source.getvalue())

    assert (result.size, result.mode) == ((SIDE, SIDE), "RGBA")
    assert result.getpixel((128, 20))[3] == 0
    assert result.getpixel((128, 236))[2:] > (200, 254)


def test_avatar_of_a_file_that_lies_of_its_size_is_refused() -> None:
    with pytest.raises(AvatarError, match="damaged"):
        draw_avatar(BytesIO(lying_png(3000, 3000)))


@pytest.mark.django_db
def test_keep_avatar_names_the_picture_by_its_digest(alice: User) -> None:
    first, second = (draw_avatar(BytesIO(picture(size=size))) for size in ((40, 30), (99, 10)))
    keep_avatar(person=alice, image=first)

    keep_avatar(person=alice, image=second)

    alice.refresh_from_db()
    assert alice.avatar_digest == hashlib.sha256(second).hexdigest()[:16]
    assert bytes(Avatar.objects.get().image) == second


@pytest.mark.django_db
def test_remove_avatar_goes_back_to_the_monogram(alice: User) -> None:
    keep_avatar(person=alice, image=b"a picture")

    for _ in range(2):
        remove_avatar(person=alice)

    alice.refresh_from_db()
    assert alice.avatar_digest == ""
    assert not Avatar.objects.exists()


def address(person: User) -> str:
    return reverse("accounts:avatar", kwargs={"pk": person.pk, "digest": person.avatar_digest})


@pytest.mark.django_db
def test_avatar_is_served_for_good(client: Client, alice: User, count_queries: Any) -> None:
    image = draw_avatar(BytesIO(picture()))
    keep_avatar(person=alice, image=image)

    with count_queries(at_most=1):
        answer = client.get(address(alice))

    assert answer.content == image
    assert answer["Content-Type"] == "image/webp"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")


@pytest.mark.django_db
@pytest.mark.parametrize("digest", ["0" * 16, "", "x", "%00"])
def test_avatar_is_not_found_by_another_digest(client: Client, alice: User, digest: str) -> None:
    keep_avatar(person=alice, image=b"a picture")

    answer = client.get(f"/avatars/{alice.pk}-{digest}.webp")

    assert answer.status_code == 404


@pytest.mark.django_db
def test_avatar_is_not_found_of_those_who_left_or_have_none(
    client: Client, alice: User, mallory: User
) -> None:
    keep_avatar(person=mallory, image=b"a picture")
    User.objects.filter(pk=mallory.pk).update(is_active=False)

    answers = [client.get(address(mallory)), client.get(f"/avatars/{alice.pk}-x.webp")]

    assert [answer.status_code for answer in answers] == [404, 404]


@pytest.mark.django_db
def test_avatar_answers_no_other_methods(client: Client, alice: User) -> None:
    keep_avatar(person=alice, image=b"a picture")

    assert client.post(address(alice)).status_code == 405


def upload(client: Client, content: bytes, file_name: str = "me.png", **fields: str) -> Any:
    file = SimpleUploadedFile(file_name, content, content_type="text/plain")
    return client.post(PROFILE, {"avatar": file, **fields})


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["me.png", "me.exe", "../../etc/passwd", "x" * 300])
def test_profile_takes_a_picture_by_its_content(alice: User, name: str) -> None:
    answer = upload(client_of(alice), picture("JPEG"), name, name="Alice")

    alice.refresh_from_db()
    assert answer.status_code == 302
    assert (len(alice.avatar_digest), alice.name) == (16, "Alice")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"MZ not a picture", "no JPEG, PNG, WebP or GIF"),
        (b"", "The submitted file is empty."),
        (picture("JPEG") + b"\0" * MAX_BYTES, "larger than 4 MB"),
        (lying_png(7000, 7000), "40 megapixels"),
    ],
    ids=["no picture", "empty", "too large", "too many pixels"],
)
def test_profile_says_at_the_field_what_is_wrong_with_a_picture(
    alice: User, content: bytes, words: str
) -> None:
    answer = upload(client_of(alice), content, name="Alice")

    alice.refresh_from_db()
    assert answer.status_code == 422
    assert words in answer.context["form"].errors["avatar"][0]
    assert (alice.avatar_digest, alice.name) == ("", "")


@pytest.mark.django_db
def test_profile_removes_the_picture(alice: User) -> None:
    keep_avatar(person=alice, image=b"a picture")

    answer = client_of(alice).post(PROFILE, {"without_avatar": "on"})

    alice.refresh_from_db()
    assert answer.status_code == 302
    assert alice.avatar_digest == ""


@pytest.mark.django_db
def test_new_picture_wins_over_its_removal(alice: User) -> None:
    upload(client_of(alice), picture(), without_avatar="on")

    alice.refresh_from_db()
    assert alice.avatar_digest


@pytest.mark.django_db
def test_pictures_of_one_person_are_limited(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.accounts.views.profile.AVATAR_LIMIT", "2/hour")
    client = client_of(alice)

    answers = [upload(client, picture(size=(size, 9)), name="Alice") for size in (10, 11, 12)]

    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert b"Please try again later." in answers[2].content
    # Without a picture all goes on.
    assert client.post(PROFILE, {"name": "Alice"}).status_code == 302


def send(live_server: Any, client: Client, size: int) -> tuple[bytes, bytes]:
    """Send a file of `size` bytes through a real connection; the status line and what the page says."""
    token = "a" * 32
    cookies = f"sessionid={client.cookies['sessionid'].value}; csrftoken={token}"
    start = (
        f'--b\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{token}\r\n'
        '--b\r\nContent-Disposition: form-data; name="avatar"; filename="a.jpg"\r\n\r\n'
    ).encode()
    end = b'\r\n--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nAlice\r\n--b--\r\n'
    with socket.create_connection(
        (live_server.thread.host, live_server.thread.port), timeout=30
    ) as connection:
        connection.sendall(
            f"POST {PROFILE} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookies}\r\nConnection: close\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n"
            f"Content-Length: {len(start) + size + len(end)}\r\n\r\n".encode()
            + start
        )
        try:
            for sent in range(0, size, 1_000_000):
                connection.sendall(b"\xff" * min(1_000_000, size - sent))
            connection.sendall(end)
        except OSError:
            # The server listens no longer; what it said before may have come.
            pass
        answer = b""
        while part := connection.recv(100_000):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.split(b"\r\n")[0], body


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", [4_500_000, 10_000_000, MAX_UPLOAD_BYTES])
def test_upload_that_is_too_large_is_read_and_refused_with_words(
    live_server: Any, alice: User, size: int
) -> None:
    status, body = send(live_server, client_of(alice), size)

    alice.refresh_from_db()
    assert status.endswith(b"422 Unprocessable Entity")
    assert b"This file is larger than 4 MB." in body
    assert b'value="Alice"' in body
    assert alice.name == ""


@pytest.mark.django_db(transaction=True)
def test_upload_without_end_is_cut_off_and_changes_nothing(live_server: Any, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(name="Alice", bio="I was here.")

    try:
        status, _ = send(live_server, client_of(alice), MAX_UPLOAD_BYTES + 20_000_000)
    except ConnectionError:
        status = b"400 Bad Request"

    alice.refresh_from_db()
    assert status.endswith(b"400 Bad Request")
    assert (alice.name, alice.bio) == ("Alice", "I was here.")
