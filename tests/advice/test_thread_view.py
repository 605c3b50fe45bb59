"""The page of a thread, and what is done to it as a whole."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.advice.models import Draft, Outcome, Post, Revision
from apps.advice.services.posts import Named, edit_post
from tests.factories.accounts import UserFactory
from tests.factories.advice import CommentFactory, PostFactory, PostToolFactory, ReplyFactory
from tests.factories.stacks import ItemFactory, StackFactory
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(alice: User) -> Post:
    return PostFactory(author=alice, title="Which of the two is it?")


def read(client: Client, post: Post, query: str = "") -> str:
    response = client.get(post.get_absolute_url() + query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


# --- What it shows --------------------------------------------------------------------------------


def test_question_shows_who_asks_what_on_which_tools_and_what_matters(client: Client) -> None:
    post = PostFactory(
        author__name="Maya Okafor",
        author__title="Engineer",
        author__company="Fjord Rail",
        tools=[ToolFactory(name="Python")],
        team_size="6-20",
        stage="live",
        scale="nine services",
        constraints="self-hosted",
        decide_by="2026-12-01",
        view_count=392_104,
        edited_at=timezone.now(),
    )
    PostToolFactory(post=post, tool=ToolFactory(name="Nameko", is_listed=False))

    page = read(client, post)

    assert "Maya Okafor</a></b>, Engineer at Fjord Rail" in page
    assert re.search(
        "Needs advice on</span><a[^>]*>.*Python</a>.*weighing</span><span[^>]*>Nameko</span>", page
    )
    for words in ("6 to 20 people", "In production", "nine services", "self-hosted", "Decide by 1 Dec 2026"):
        assert words in page
    assert (
        '<span title="392,104 times: readers, each once a day, robots left out">392.1K views</span>' in page
    )
    assert f'<a href="{post.get_absolute_url()}history/"' in page
    assert '<h2 id="h-replies">0 answers</h2>' in page


def test_decision_shows_what_was_chosen_over_what_and_why(client: Client) -> None:
    post = PostFactory(
        kind="decision", tools=[ToolFactory(name="NATS")], since="2025-11", again="no", reply_count=1
    )
    PostToolFactory(post=post, tool=ToolFactory(name="RabbitMQ"), role="rejected", why="Too much to tune")
    PostToolFactory(post=post, tool=ToolFactory(name="Hidden", is_listed=False), role="rejected")
    post.stack = StackFactory(name="Sailings")
    post.save()

    page = read(client, post)

    assert re.search("Chose</span>.*NATS.*over</span>.*RabbitMQ", page)
    for words in ("Too much to tune", "No reason given.", "Since Nov 2025", "Would not choose it again"):
        assert words in page
    assert f'In the stack <a class="link" href="{post.stack.get_absolute_url()}">Sailings</a>' in page
    assert f'href="{post.get_absolute_url()}adr.md"' in page
    assert '<h2 id="h-replies">1 reply</h2>' in page


def test_answers_show_who_runs_it_and_comments(client: Client, post: Post) -> None:
    reply = ReplyFactory(post=post, author__name="Lena Fors", html="<p>Use <em>one</em>.</p>")
    CommentFactory(reply=reply, html="<p>Thank you.</p>", edited_at=timezone.now())
    stack = StackFactory(person=reply.author, name="Sailings")
    ItemFactory(stack=stack, tool=post.tool, tier="verified")
    Post.objects.filter(pk=post.pk).update(accepted=reply, accepted_at=timezone.now(), reply_count=1)

    page = read(client, post)

    assert f'id="reply-{reply.pk}" aria-label="By Lena Fors"' in page
    assert "<p>Use <em>one</em>.</p>" in page
    assert "<p>Thank you.</p>" in page
    assert re.search(f'<a class="badge badge-ask" href="{stack.get_absolute_url()}"[^>]*>.*Runs it: ', page)
    assert "Answered</span>" in page
    assert "Accepted</span>" in page


def test_words_of_people_who_left_stand_without_a_name(client: Client, post: Post) -> None:
    closed = {"closed_at": timezone.now(), "is_active": False}
    people = [UserFactory(name="Closed One", **closed), UserFactory(name="Locked One", is_active=False), None]
    for person in people:
        CommentFactory(reply=ReplyFactory(post=post, author=person), author=person)
    Post.objects.filter(pk=post.pk).update(author=people[0])

    page = read(client, post)

    # By-line of the thread; name and by-line of each reply, and who commented.
    assert page.count("somebody who left") == 1 + 3 * 3
    assert "Closed One" not in page
    assert "Locked One" not in page


def test_outcome_stands_on_the_question(client: Client, post: Post) -> None:
    now = timezone.now()
    tool = ToolFactory(name="Django")
    Outcome.objects.create(
        post=post, after_days=90, answered_at=now, verdict="good", chosen=tool, html="<p>No regrets.</p>"
    )
    Outcome.objects.create(post=post, after_days=365)

    page = read(client, post)

    assert re.search(r"<b>After 90 days:</b> chose <a[^>]*>Django</a>, it went well", page)
    assert "<p>No regrets.</p>" in page
    assert "After a year" not in page


def test_demo_people_are_marked(client: Client) -> None:
    post = PostFactory(author__is_demo=True, reply_count=1)

    assert 'content="noindex, follow"' in read(client, post)
    assert "Made up" in read(client, post)


def test_anonymous_page_is_nobodys(client: Client, post: Post) -> None:
    ReplyFactory(post=post)

    response = client.get(post.get_absolute_url())

    page = response.content.decode()
    assert not response.cookies
    assert "csrf" not in page
    assert f"/accounts/login/?next={post.get_absolute_url()}%23your-answer" in page
    assert "<textarea" not in page


def test_asker_can_accept_and_edit_and_others_cannot(
    alice_client: Client, maud_client: Client, post: Post
) -> None:
    reply = ReplyFactory(post=post)
    Post.objects.filter(pk=post.pk).update(reply_count=1)
    accept, edit = f"/advice/replies/{reply.pk}/accept/", f"{post.get_absolute_url()}edit/"

    own, moderators = read(alice_client, post), read(maud_client, post)

    assert (accept in own, edit in own, f"{post.get_absolute_url()}remove/" in own) == (True, True, False)
    assert (accept in moderators, edit in moderators) == (False, True)
    assert f"/advice/replies/{reply.pk}/remove/" in moderators


def test_draft_is_in_the_form(alice: User, alice_client: Client, post: Post) -> None:
    ToolFactory(name="Django", slug="django")
    data = {"body": ["Begun"], "tools": ["django"]}
    Draft.objects.create(person=alice, kind="reply", post=post, data=data)

    page = read(alice_client, post)

    assert "Begun</textarea>" in page
    assert 'value="Django"' in page
    assert "Your draft of" in page


# --- Addresses ------------------------------------------------------------------------------------


def test_wrong_slug_leads_to_the_right_one_for_good(client: Client, post: Post) -> None:
    response = client.get(f"/advice/{post.pk}-some-other-words/?order=newest")

    assert (response.status_code, response.url) == (301, post.get_absolute_url())


def test_query_that_is_none_of_ours_leads_to_the_thread(client: Client, post: Post) -> None:
    for query in ("?order=worst", "?after=%00", "?after=bm90IG9uZQ", "?order=newest&after=x"):
        response = client.get(post.get_absolute_url() + query)

        assert (response.status_code, response.url) == (302, post.get_absolute_url())


def test_newest_first_goes_on_page_by_page(
    client: Client, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.advice.threads.REPLIES_PAGE", 1)
    old, new = ReplyFactory(post=post), ReplyFactory(post=post)

    first = read(client, post, "?order=newest")
    link = re.search(r'href="(\?order=newest&amp;after=[^"#]*)#replies" rel="next nofollow"', first)
    assert link
    second = read(client, post, link[1].replace("&amp;", "&"))

    assert f'id="reply-{new.pk}"' in first
    assert f'id="reply-{old.pk}"' in second
    assert f'id="reply-{new.pk}"' not in second
    assert f'href="{post.get_absolute_url()}?order=newest#replies"' in second


def test_thread_that_is_none_is_not_found(alice_client: Client) -> None:
    removed = PostFactory(removed_at=timezone.now())

    for page in ("", "remove/", "restore/", "history/", "reply/", "comment/", "outcome/"):
        ask = alice_client.post if page == "restore/" else alice_client.get
        for address in (f"/advice/{10**17}-x/{page}", removed.get_absolute_url() + page):
            assert ask(address).status_code == 404, address


def test_wrong_method_is_refused(alice_client: Client, post: Post) -> None:
    address = post.get_absolute_url()

    for page in ("", "history/", "remove/", "outcome/", "reply/", "comment/"):
        assert alice_client.put(address + page).status_code == 405, page
    assert alice_client.post(address).status_code == 405
    assert alice_client.get(f"{address}restore/").status_code == 405


def test_anonymous_is_sent_to_the_sign_in(client: Client, post: Post) -> None:
    for page in ("remove/", "outcome/", "restore/", "reply/", "comment/"):
        response = client.post(post.get_absolute_url() + page)

        assert (response.status_code, response.url.split("?")[0]) == (302, "/accounts/login/"), page


# --- Removing and restoring -----------------------------------------------------------------------


def test_author_removes_a_thread_sees_it_marked_and_restores_it(
    client: Client, alice_client: Client, maud_client: Client, post: Post
) -> None:
    address = post.get_absolute_url()

    assert "Remove it" in alice_client.get(f"{address}remove/").content.decode()
    response = alice_client.post(f"{address}remove/")

    assert response.url == f"{address}#post-{post.pk}"
    assert client.get(address).status_code == 404
    for reader in (alice_client, maud_client):
        page = read(reader, post)
        assert "Removed by its author" in page
        assert f"{address}restore/" in page
        assert "your-answer" not in page
        assert "noindex" in page

    alice_client.post(f"{address}restore/")
    assert client.get(address).status_code == 200


def test_stranger_does_nothing_with_a_thread(post: Post, mallory: User) -> None:
    reader = Client()
    reader.force_login(mallory)
    address = post.get_absolute_url()

    assert reader.get(f"{address}remove/").status_code == 403
    assert reader.post(f"{address}remove/").status_code == 403
    assert reader.get(f"{address}outcome/").status_code == 403
    post.refresh_from_db()
    assert post.removed_at is None


def test_author_cannot_remove_what_others_answered(alice_client: Client, post: Post) -> None:
    Post.objects.filter(pk=post.pk).update(reply_count=1)

    response = alice_client.get(f"{post.get_absolute_url()}remove/")

    assert response.status_code == 403
    assert "People have replied" in response.content.decode()


# --- Outcome --------------------------------------------------------------------------------------


def test_asker_tells_what_became_of_it_and_mends_it(alice_client: Client, post: Post) -> None:
    tool = ToolFactory(name="Django")
    address = f"{post.get_absolute_url()}outcome/"

    response = alice_client.post(
        address, {"verdict": "mixed", "chosen": "Django", "text": "Slow at *first*."}
    )

    assert response.url == f"{post.get_absolute_url()}#outcomes"
    outcome = Outcome.objects.get()
    assert (outcome.verdict, outcome.chosen, outcome.html.strip()) == (
        "mixed",
        tool,
        "<p>Slow at <em>first</em>.</p>",
    )
    form = alice_client.get(address).content.decode()
    assert 'value="Django"' in form
    assert "Slow at *first*." in form

    alice_client.post(address, {"verdict": "good"})
    outcome.refresh_from_db()
    assert (outcome.verdict, outcome.chosen, outcome.text) == ("good", None, "")


def test_outcome_that_is_wrong_comes_back(alice_client: Client, post: Post) -> None:
    links = "http://a.example http://b.example http://c.example"
    good = {"verdict": "good"}
    for typed in (
        {},
        {"verdict": "great"},
        good | {"chosen": "Unheard Of"},
        good | {"chosen": "A, B"},
        good | {"text": "x" * 1001},
        good | {"text": links},
    ):
        response = alice_client.post(f"{post.get_absolute_url()}outcome/", typed)

        assert response.status_code == 422, typed
        assert "Nothing was saved yet." in response.content.decode()
    assert not Outcome.objects.exists()


def test_decision_has_no_outcome(alice: User, alice_client: Client) -> None:
    post = PostFactory(kind="decision", author=alice)

    assert alice_client.get(f"{post.get_absolute_url()}outcome/").status_code == 403


# --- History --------------------------------------------------------------------------------------


def history(client: Client, post: Post, query: str = "") -> str:
    page = client.get(f"{post.get_absolute_url()}history/{query}")
    assert page.status_code == 200
    return " ".join(page.content.decode().split())


def test_history_shows_what_changed_by_whom(client: Client, alice: User, maud: User, post: Post) -> None:
    named = [Named(post.tool, "about")]
    edit_post(editor=alice, post=post, title=post.title, body="We run Flask on two servers.", tools=named)
    post.refresh_from_db()
    edit_post(
        editor=maud,
        post=post,
        title="Which of the three is it?",
        body="We run Django on two servers.",
        tools=[*named, Named(ToolFactory(name="Quart"), "option")],
    )
    post.refresh_from_db()

    page = history(client, post)

    assert "We run <del>Flask</del><ins>Django</ins> on two servers." in page
    assert "Which of the <del>two</del><ins>three</ins> is it?" in page
    assert re.search("Considered</h3><p[^>]*><ins>Quart</ins>", page)
    assert re.search('by <a href="/@maud/">maud</a>.*by <a href="/@alice/">alice</a>', page)
    assert "Written on" in page


def test_history_of_what_was_never_edited_says_so(client: Client, post: Post) -> None:
    assert "It was never edited." in history(client, post)


def test_history_goes_on_page_by_page(client: Client, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.advice.versions.EDITS_PAGE", 1)
    for body in ("first", "second"):
        Revision.objects.create(post=post, title=post.title, body=body, written_at=timezone.now())
    Post.objects.filter(pk=post.pk).update(body="third")

    newest = history(client, post)
    link = re.search(r'href="(\?after=[^"]*)" rel="next"', newest)
    assert link
    older = history(client, post, link[1])

    assert "<del>second</del><ins>third</ins>" in newest
    assert "<del>first</del><ins>second</ins>" in older
    assert ("Written on" in newest, "Written on" in older) == (False, True)


def test_history_with_a_cursor_of_ones_own_leads_to_its_start(client: Client, post: Post) -> None:
    response = client.get(f"{post.get_absolute_url()}history/?after=nothing")

    assert (response.status_code, response.url) == (302, f"{post.get_absolute_url()}history/")
