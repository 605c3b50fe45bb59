"""A small site with something of everything: four tools that are compared, one that nothing is known of."""

from datetime import UTC, date, datetime

from django.utils import timezone

from apps.accounts.models import PersonFollow, User
from apps.advice.models import Outcome, Post, Recommendation
from apps.core.markdown import render_markdown
from apps.github.models import FigureSource, Repository, StarReading
from apps.notifications.models import Kind, Notification
from apps.stacks.models import Change, Item, Membership, Tier
from apps.tools.models import Category, Point, Tool, ToolFollow
from apps.votes.models import Reputation, Vote
from tests.factories.accounts import UserFactory
from tests.factories.advice import CommentFactory, PostFactory, PostToolFactory, ReplyFactory
from tests.factories.comparisons import make_comparison
from tests.factories.pages import EventFactory
from tests.factories.stacks import (
    ChangeFactory,
    CompanyFactory,
    EvidenceFactory,
    ItemFactory,
    MembershipFactory,
    ReadingFactory,
    SimilarStackFactory,
    StackFactory,
    UsedWithFactory,
)
from tests.factories.tools import (
    AlternativeFactory,
    CategoryFactory,
    FunctionFactory,
    IntegrationFactory,
    LayerFactory,
    PackageFactory,
    PointFactory,
    StarReadingFactory,
    ToolFactory,
)

# More than a page of the list of tools.
OTHERS = 42
# The ids of an item, a reading and a thread, as addresses in tests/browser/pages.py have them: far above those of a
# sequence.
KNOWN = 9_001


def make_rows() -> None:
    frameworks = FunctionFactory(slug="microframeworks")
    flask = _framework("Flask", "Python", "BSD-3-Clause", 72014, frameworks, logo="flask")
    django = _framework("Django", "Python", "BSD-3-Clause", 88210, frameworks, logo="django")
    express = _framework("Express", "JavaScript", "MIT", 68900, frameworks, logo="express")
    actix = _framework("Actix Web", "Rust", "MIT OR Apache-2.0", 24010, frameworks, logo="actix")
    compared = [actix, django, express, flask]
    for tool in compared:
        others = [other for other in compared if other != tool]
        for rank, other in enumerate(others, start=1):
            AlternativeFactory(tool=tool, other=other, rank=rank)
    make_comparison(actix, flask, differences=3)
    make_comparison(django, flask, differences=2)
    make_comparison(django, express, flask)
    _surroundings(flask, django)
    ToolFactory(name="Nameless", tagline="", description="", function=frameworks)
    ToolFactory(
        name="Bower",
        function=frameworks,
        status=Tool.Status.DEPRECATED,
        successor=express,
        language="JavaScript",
    )
    _long_words(frameworks)
    _people(flask, django)
    _stacks(compared)
    _threads(flask, django)
    _feed(flask)
    libraries = FunctionFactory(slug="http-clients", parent=CategoryFactory(slug="libraries"))
    for number in range(OTHERS):
        ToolFactory(name=f"Library {number:02}", language="Go", function=libraries)


def _people(flask: Tool, django: Tool) -> None:
    """Somebody with all that a profile can show, and somebody with nothing."""
    alice = UserFactory(
        username="alice",
        name="Alice Example",
        title="Staff engineer",
        company="Example Ferries",
        place="Hamburg",
        bio="Runs **Flask** since 2012.",
        links=["https://alice.example.org"],
        follower_count=1,
        reputation=10,
    )
    bob = UserFactory(username="bob", is_staff=True, is_superuser=True)
    ToolFollow.objects.create(person=alice, tool=flask)
    Tool.objects.filter(pk=flask.pk).update(follower_count=1)
    PersonFollow.objects.create(follower=bob, person=alice)
    PersonFollow.objects.create(follower=alice, person=bob)
    User.objects.filter(pk=bob.pk).update(follower_count=1)
    point = PointFactory(
        tool=flask, author=alice, origin=Tool.Origin.PERSON, text="The debugger runs in the browser"
    )
    PointFactory(
        tool=flask,
        kind=Point.Kind.CON,
        author=bob,
        origin=Tool.Origin.PERSON,
        about="2015",
        text="No types at all",
    )
    PointFactory(
        tool=django, author=None, origin=Tool.Origin.PERSON, text="The admin is there from the first day"
    )
    Vote.objects.create(voter=bob, point=point)
    Point.objects.filter(pk=point.pk).update(up_count=1)
    Reputation.objects.create(person=alice, tool=flask, score=10)
    for kind, actor, text in (
        (Kind.FOLLOWER, bob, "bob follows you"),
        (Kind.POINT_VOTE, None, "Others agree: The debugger runs in the browser"),
    ):
        Notification.objects.create(person=alice, kind=kind, actor=actor, text=text, url="/@bob/")


def _framework(name: str, language: str, licence: str, stars: int, function: Category, *, logo: str) -> Tool:
    tool = ToolFactory(
        name=name,
        language=language,
        license=licence,
        stars=stars,
        # All that GitHub says.
        stars__state=Repository.State.ARCHIVED,
        stars__grew_90=stars // 50,
        stars__trend_90=0.02,
        stars__grew_365=-stars // 9,
        stars__growth_on=date(2026, 7, 1),
        stars__open_issues=1_205,
        stars__watchers=2_103,
        stars__pushed_at=datetime(2026, 7, 30, 8, 30, tzinfo=UTC),
        stars__latest_release="release-2026-07-with-a-long-name",
        stars__latest_release_on=date(2026, 7, 9),
        stars__release_days=41,
        stars__read_at=datetime(2026, 8, 1, 8, 30, tzinfo=UTC),
        function=function,
        logo=logo,
        website=f"https://{name.lower().replace(' ', '-')}.example.org",
        first_release="2010-04-01",
        features=["Routing by decorator", "Templates", "A test client that needs no server"],
        facts_on=date(2026, 11, 22),
    )
    PackageFactory(tool=tool, name=f"{tool.slug}-with-a-name-as-long-as-some-of-them-are")
    PointFactory.create_batch(3, tool=tool)
    PointFactory.create_batch(2, tool=tool, kind=Point.Kind.CON)
    _history(tool.repositories.get(), stars)
    return tool


def _long_words(function: Category) -> None:
    """A tool whose names have no place to break, as some have."""
    name = "OpenTelecommunicationsInstrumentation"
    tool = ToolFactory(
        name=name,
        function=function,
        website=f"https://{name.lower()}.example.org",
        license="LicenseRef-UniversalPermissiveWithAnExceptionForLinking",
    )
    PackageFactory(tool=tool, type="nuget", name=f"{name}.Abstractions")
    PointFactory(tool=tool, text=f"Handlers are looked up with {name.lower()}_provider_of_dependencies")


def _history(repository: Repository, stars: int) -> None:
    """Readings of each quarter since 2019 with a year in between that nothing is known of."""
    days = [date(year, month, 1) for year in range(2019, 2027) if year != 2023 for month in (1, 4, 7)]
    StarReading.objects.bulk_create(
        StarReadingFactory.build(
            repository=repository,
            date=day,
            stars=stars * (number + 1) // len(days),
            source=FigureSource.DATASET,
        )
        for number, day in enumerate(days)
    )


def _surroundings(flask: Tool, django: Tool) -> None:
    """Tools in the other three layers, and what they have to do with the frameworks."""
    for layer, category, function, name, kind in (
        ("utilities", "search", "search-engines", "Seeker", "connects_to"),
        ("devops", "hosting", "application-servers", "Gunicorn", "deploys"),
        ("business-tools", "support", "help-desks", "Helpful", "built_with"),
    ):
        node = FunctionFactory(
            slug=function, parent=CategoryFactory(slug=category, parent=LayerFactory(slug=layer))
        )
        tool = ToolFactory(name=name, function=node, language="Python")
        IntegrationFactory(tool=tool, other=flask, kind=kind)
        IntegrationFactory(tool=tool, other=django, kind=kind)


def _stacks(tools: list[Tool]) -> None:
    """A company's stack with all that its page can show, and a reading of files that waits to be published."""
    alice = User.objects.get(username="alice")
    company = CompanyFactory(name="Tidewater", slug="tidewater")
    MembershipFactory(company=company, person=alice, role=Membership.Role.ADMIN)
    stack = StackFactory(
        company=company,
        name="Rider API",
        slug="rider-api",
        repository="tidewater/rider",
        item_count=len(tools),
    )
    for number, tool in enumerate(tools, start=KNOWN):
        item = ItemFactory(
            pk=number, stack=stack, tool=tool, version="3.1", since="2024-02", why="It *fits*."
        )
        ChangeFactory(item=item)
    Item.objects.filter(pk=KNOWN).update(tier=Tier.VERIFIED, stage=Item.Stage.TRIAL)
    EvidenceFactory(
        item_id=KNOWN,
        path="services/api/requirements-with-a-name-that-has-no-place-to-break.txt",
        scope="runtime",
    )
    gone = Tool.objects.get(slug="bower")
    ItemFactory(stack=stack, tool=gone, until="2025", replaced_by=tools[0], why_not="Nobody keeps it up.")
    SimilarStackFactory(stack=stack, other=StackFactory(name="Blog", person=alice))
    UsedWithFactory(tool=tools[0], other=gone)
    finding = {
        "kind": "package",
        "name": "flask",
        "path": "api/requirements.txt",
        "line": 4,
        "purl": "pkg:pypi/flask",
    }
    finding |= {"version": "3.1", "scope": "runtime", "confidence": 1.0, "is_direct": True}
    ReadingFactory(
        pk=KNOWN,
        person=alice,
        findings=[finding | {"tool": "flask"}, finding | {"tool": "django", "confidence": 0.3}],
        unread=[{"path": "web/package.json", "reason": "is not JSON"}],
        unknown=["pkg:npm/unheard-of"],
    )


def _threads(flask: Tool, django: Tool) -> None:
    """A question with all that its page can show, answered by somebody who runs it, and one that nobody answered."""
    alice, bob = User.objects.get(username="alice"), User.objects.get(username="bob")
    now = timezone.now()
    post = PostFactory(
        pk=KNOWN,
        author=bob,
        title="Flask or Django for a first API with OpenTelecommunicationsInstrumentation?",
        slug="flask-or-django",
        tools=[flask],
        team_size=Post.TeamSize.FEW,
        stage=Post.Stage.BUILDING,
        scale="40 requests a second",
        constraints="No managed database",
        decide_by=date(2030, 1, 31),
        view_count=392_104,
        reply_count=2,
        edited_at=now,
    )
    PostToolFactory(post=post, tool=django)
    body = (
        "Start with *one* file.\n\n    def factory_with_a_long_name(configuration, extensions, routes): ..."
    )
    reply = ReplyFactory(
        post=post, author=alice, up_count=3, edited_at=now, body=body, html=render_markdown(body)
    )
    Recommendation.objects.create(reply=reply, tool=flask)
    CommentFactory(post=post, author=alice)
    CommentFactory(reply=reply, author=bob, edited_at=now)
    CommentFactory(reply=ReplyFactory(post=post, author=None), author=None)
    CommentFactory(reply=ReplyFactory(post=post, removed_at=now, removed_by=bob))
    Post.objects.filter(pk=post.pk).update(accepted=reply, accepted_at=now)
    Outcome.objects.create(
        post=post,
        after_days=90,
        answered_at=now,
        verdict=Outcome.Verdict.GOOD,
        chosen=flask,
        html="<p>It took a week.</p>",
    )
    PostFactory(
        pk=KNOWN + 1, author=alice, title="Which one for a first API?", slug="first-api", tools=[flask]
    )


def _feed(flask: Tool) -> None:
    """Of each kind of event one that is around the tool that Alice follows: by Bob, or by nobody who is known."""
    post = Post.objects.get(pk=KNOWN)
    change = Change.objects.filter(tool=flask).select_related("stack").earliest("pk")
    reply = ReplyFactory(post=post, author=post.author)
    for kind, fields in {
        "post": {"post": post},
        "reply": {"post": post, "reply": reply},
        "stack": {"post": None, "stack": change.stack, "changes": [change.pk], "actor": None},
        "move": {"post": None, "stack": change.stack, "changes": [_move(flask).pk], "actor": post.author},
    }.items():
        EventFactory(kind=kind, tools=[flask], **fields)


def _move(flask: Tool) -> Change:
    item = Item.objects.get(replaced_by__isnull=False)
    row: Change = ChangeFactory(item=item, kind=Change.Kind.REPLACED, other=flask)
    return row
