import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.stacks.names import MAX_CHARACTERS, MAX_NAME_CHARACTERS, MAX_NAMES, split_names

README = """
# A list 😎

Some words about it, and more.

## Front-end

### A starter kit [↗](https://example.org/kit)

Kit is a starter kit, built on Node.js, Express and React.

- [Next.js](https://nextjs.org/) - [🛠](https://example.org/next-js) - [🐙](https://example.org/next) - For pages, apps.
- [React Testing Library](https://example.org/) - [🛠️](https://example.org/rtl) - Tests: many.
* **Emotion** – CSS-in-JS, composed.
1. I18next (i18n)
- [ ] Babel: a compiler
- [x] webpack 5
- next.js
"""


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Django\nPostgreSQL\n\nRedis\n", ["Django", "PostgreSQL", "Redis"]),
        ("Django, PostgreSQL,Redis; Celery", ["Django", "PostgreSQL", "Redis", "Celery"]),
        ("Django, PostgreSQL and Redis.", ["Django", "PostgreSQL", "Redis"]),
        ("Node.js / Express / C++ + React", ["Node.js", "Express", "C++", "React"]),
        (
            "Backend: Django, PostgreSQL\nOps: Docker, Kubernetes",
            ["Django", "PostgreSQL", "Docker", "Kubernetes"],
        ),
        ("• Django\n• C#\n• .NET", ["Django", "C#", "NET"]),
        ("🐍 Python 3.12\n🐘 PostgreSQL 16 - the database", ["Python", "PostgreSQL"]),
        ("| Django | Redis |", ["Django", "Redis"]),
        ("`ruff`, *mypy*, __pytest__", ["ruff", "mypy", "pytest"]),
        (
            "- Django, Celery\n- [Redis](https://redis.io), [Valkey](https://valkey.io)",
            ["Django", "Celery", "Redis", "Valkey"],
        ),
        ("Django https://www.djangoproject.com/", ["Django"]),
        ("CI/CD", ["CI/CD"]),
        ("socket.io", ["socket.io"]),
        ("Django\ndjango\nDJANGO", ["Django"]),
        ("Amazon S3, EC2", ["Amazon S3", "EC2"]),
        ("# Our tools\nFlask, Redis", ["Flask", "Redis"]),
        ("", []),
        ("😎\n---\n***\n,,,", []),
        (f"{'x' * 61}\nRedis", ["Redis"]),
        (README, ["Next.js", "React Testing Library", "Emotion", "I18next", "Babel", "webpack"]),
    ],
)
def test_pasted_text_is_split_into_names(text: str, names: list[str]) -> None:
    assert split_names(text) == names


def test_list_has_an_end() -> None:
    assert len(split_names("\n".join(f"Tool{number}x" for number in range(MAX_NAMES + 5)))) == MAX_NAMES


def test_text_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="more than"):
        split_names("x" * (MAX_CHARACTERS + 1))


@given(st.text(alphabet=st.sampled_from("aB1 .,-*[]()#:/&+|\n`_😎é"), max_size=300))
def test_whatever_is_pasted_gives_short_names_each_once(text: str) -> None:
    names = split_names(text)

    assert all(0 < len(name) <= MAX_NAME_CHARACTERS and name == name.strip() for name in names)
    assert len({name.lower() for name in names}) == len(names)
    assert split_names("\n".join(names)) is not None


@pytest.mark.parametrize(
    "text", ["[" * 50_000, "(" * 50_000, "- " * 50_000, "a, " * 33_000, "*" * 100_000, " -" * 50_000]
)
def test_pathological_text_is_split_in_no_time(text: str) -> None:
    assert len(split_names(text)) <= MAX_NAMES
