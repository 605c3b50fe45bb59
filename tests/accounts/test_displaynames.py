import pytest

from apps.accounts.displaynames import problem_of_name
from apps.accounts.forms import ProfileForm
from apps.accounts.models import User


@pytest.mark.parametrize(
    "name",
    ["", "Alice Liddell", "7", "Nguyễn Thị Ệ", "Zoë O'Neil-Smith Jr.", "王小明", "김철수",
        "محمد", "שָׁלוֹם", "अनुष्का", "J. R. R. Tolkien", "Alice 🚀"],
)  # fmt: skip
def test_name_of_a_person_is_taken(name: str) -> None:
    assert problem_of_name(name) == ""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("🚀", "letter or digit"),
        ("—", "letter or digit"),
        ("\u2800", "letter or digit"),
        ("Z\u0351\u036b\u0343algo", "piles of accents"),
        ("e\u0323\u0302\u0301\u0301\u0301", "piles of accents"),
        ("StackShare Support", "would pass for the site"),
        ("Stack-Share", "would pass for the site"),
        ("ＳｔａｃｋＳｈａｒｅ", "would pass for the site"),
        ("the stáckshare team", "would pass for the site"),
        ("Win at best-hosting.com", "no link or e-mail address"),
        ("https://evil.example", "no link or e-mail address"),
        ("me@example.net", "no link or e-mail address"),
        ("ｗｗｗ．evil", "no link or e-mail address"),
    ],
)
def test_name_that_deceives_is_refused(name: str, words: str) -> None:
    assert words in problem_of_name(name)


@pytest.mark.parametrize("name", ["\u200b", "\u3164", " \uffa0\u200d "])
def test_name_that_nobody_sees_is_no_name(name: str) -> None:
    form = ProfileForm({"name": name}, instance=User(username="alice"))

    assert form.is_valid()
    assert form.cleaned_data["name"] == ""


def test_form_says_at_the_name_what_is_wrong_with_it() -> None:
    form = ProfileForm(
        {"name": "StackShare Support", "company": "Booking.com"}, instance=User(username="alice")
    )

    assert list(form.errors) == ["name"]
