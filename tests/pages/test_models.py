import pytest
from django.db import DataError, IntegrityError

from apps.pages.models import ContactMessage, SocialCard

pytestmark = pytest.mark.django_db


def test_card_of_a_page_is_one() -> None:
    SocialCard.objects.create(path="site", title="A", digest="1")

    with pytest.raises(IntegrityError, match="pages_socialcard_path"):
        SocialCard.objects.create(path="site", title="B", digest="2")


def test_attempts_are_not_below_zero() -> None:
    with pytest.raises(IntegrityError, match="attempts_check"):
        ContactMessage.objects.create(name="A", email="a@example.org", subject="S", text="T", attempts=-1)


@pytest.mark.parametrize(("field", "length"), [("name", 81), ("subject", 121), ("email", 255)])
def test_message_is_no_longer_than_its_form_allows(field: str, length: int) -> None:
    fields = {"name": "A", "email": "a@example.org", "subject": "S", "text": "T", field: "x" * length}

    with pytest.raises(DataError, match="too long"):
        ContactMessage.objects.create(**fields)


def test_rows_are_called_by_what_they_say() -> None:
    assert str(ContactMessage(subject="Hello")) == "Hello"
    assert str(SocialCard(path="tools/flask")) == "tools/flask"
