"""Showing that a domain or a repository is one's own: a DNS record, or a file in the repository.

A `ProofCheck` that is due is the queue. Its worker looks without holding a lock, and then writes what it saw.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import check_takes_part
from apps.core.jobs import ring_on_commit
from apps.github.client import About, GitHub, GitHubError, Missed, Rate, Trouble
from apps.github.models import RateLimit
from apps.github.services.refresh import has_token
from apps.github.turns import NotYetError, turn
from apps.notifications.models import Kind
from apps.notifications.services import notify
from apps.stacks.dns import DnsError, txt_records
from apps.stacks.models import Company, Membership, ProofCheck, ProvedBy, Removal, Stack
from apps.stacks.permissions import check_edits
from apps.stacks.services.companies import plain_domain
from apps.stacks.services.tiers import set_tiers
from apps.stacks.services.usage import counting_usage, settle

# What a DNS TXT record of a domain, or a line of the file `PROOF_FILE` in a repository's default branch, must say.
RECORD = "stackshare-verification={token}"
PROOF_FILE = ".stackshare"
# A run ends after this; the next one comes within a minute.
CHECK_SECONDS = 30.0
# Longer than a look takes, so that no two workers are at the same one.
LEASE = timedelta(minutes=3)
# Name servers and GitHub fail for minutes. After these waits the person is told, and may ask again.
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20))
# What can be seen is kept for the page; older ones say nothing any more.
KEPT = timedelta(days=30)

Told = TypeVar("Told")


class LaterError(Exception):
    """It could not be looked now. The message says why, in words for the person."""

    def __init__(self, reason: str, until: datetime | None = None) -> None:
        super().__init__(reason)
        self.until = until


@dataclass(frozen=True, slots=True)
class _Saw:
    """What is missing, in words, "" where all is there; and which repository it was, by GitHub's number."""

    missing: str = ""
    github_id: int | None = None


def company_token(company: Company, person: User) -> str:
    """What `person` puts into the DNS of the company's domain. Theirs alone: the world reads it there."""
    return _token(company.proof_token, company.domain.lower(), str(person.pk))


def stack_token(stack: Stack) -> str:
    """What the owner puts into the stack's repository, or the DNS of its company. Of no use for another repository."""
    return _token(stack.proof_token, stack.repository.lower())


def _token(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


@transaction.atomic
def ask_for_company_proof(*, person: User, company: Company) -> ProofCheck:
    """Have a worker look for the TXT record at the company's domain; who asked looks after the company if it is there.

    Anybody may who can put it there. One that is under way is answered again. Raises `PermissionDenied`.
    """
    check_takes_part(person)
    return _ask(person=person, company=company, stack=None, way=ProvedBy.DNS)


@transaction.atomic
def ask_for_stack_proof(*, person: User, stack: Stack, way: str) -> ProofCheck:
    """Have a worker look for the file in the stack's repository, or a TXT record at the proved domain of its company.

    `way`: "file" or "dns". One that is under way is answered again. Raises `PermissionDenied`, `ValidationError`.
    """
    check_takes_part(person)
    check_edits(person, stack)
    if not stack.repository:
        raise ValidationError("Name the repository of the stack first.", code="no_repository")
    if way not in (ProvedBy.FILE, ProvedBy.DNS):
        raise ValidationError("It is shown by a file or by a DNS record.", code="way")
    if way == ProvedBy.DNS and not (stack.company and stack.company.proved_at):
        raise ValidationError(
            "A DNS record shows it for a company whose domain is proved. Use the file instead.",
            code="no_domain",
        )
    return _ask(person=person, company=None, stack=stack, way=way)


def _ask(*, person: User, company: Company | None, stack: Stack | None, way: str) -> ProofCheck:
    # Two clicks at once make one row.
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    same = ProofCheck.objects.filter(person=person, company=company, stack=stack, way=way)
    check = same.filter(due_at__isnull=False).first()
    if check is None:
        same.delete()
        check = ProofCheck.objects.create(
            person=person, company=company, stack=stack, way=way, due_at=timezone.now()
        )
    ring_on_commit("apps.stacks.tasks.check_due_proofs")
    return check


def check_due_proofs() -> int:
    """Look for what is due, for `CHECK_SECONDS` at most; answers how many were looked at."""
    deadline = time.monotonic() + CHECK_SECONDS
    count = 0
    while time.monotonic() < deadline and (check := _claim()):
        count += 1
        _look(check)
    return count


def forget_old_proofs() -> int:
    """Delete what was looked for long ago; answers how many."""
    old = ProofCheck.objects.filter(due_at=None, created_at__lt=timezone.now() - KEPT)
    return old.delete()[0]


@transaction.atomic
def _claim() -> ProofCheck | None:
    now = timezone.now()
    due = ProofCheck.objects.filter(due_at__lte=now).order_by("due_at", "id")
    check = due.select_for_update(skip_locked=True, no_key=True).first()
    if check:
        check.due_at = now + LEASE
        check.attempts += 1
        check.save(update_fields=["due_at", "attempts"])
    return check


def _look(check: ProofCheck) -> None:
    if check.attempts > len(WAITS) + 1:
        # A worker did not come back from it.
        _finish(check, said="We could not look: something went wrong here. Ask again later.", is_found=False)
        return
    try:
        saw = _see(check)
    except LaterError as error:
        if check.attempts > len(WAITS):
            _finish(check, said=str(error), is_found=False)
            return
        due_at = max(timezone.now() + WAITS[check.attempts - 1], error.until or timezone.now())
        ProofCheck.objects.filter(pk=check.pk, due_at=check.due_at).update(
            due_at=due_at, said=str(error)[:300]
        )
        return
    _finish(check, said=saw.missing, is_found=not saw.missing, github_id=saw.github_id)


def _see(check: ProofCheck) -> _Saw:
    """Raises `LaterError`."""
    if not check.person.is_active:
        return _Saw("The account of who asked is closed.")
    if check.company:
        record = RECORD.format(token=company_token(check.company, check.person))
        return _Saw(_look_at_dns(check.company.domain, record))
    if check.stack is None:
        return _Saw("Nothing was asked for.")
    repository = check.stack.repository
    record = RECORD.format(token=stack_token(check.stack))
    if check.way == ProvedBy.FILE:
        return _look_at_repository(repository, lambda _: _look_at_file(repository, record))
    company = check.stack.company
    if company is None or company.proved_at is None:
        return _Saw("The domain of the company is not proved.")
    domain = company.domain
    missing = _look_at_dns(domain, record)
    # A domain can claim any repository in the world: that one has to lead back to it.
    return (
        _Saw(missing)
        if missing
        else _look_at_repository(repository, lambda about: _look_at_homepage(repository, about, domain))
    )


def _look_at_dns(domain: str, record: str) -> str:
    try:
        records = txt_records(domain)
    except DnsError as error:
        if error.is_final:
            return str(error)
        raise LaterError(str(error)) from error
    if record in (one.strip() for one in records):
        return ""
    others = (
        f"{len(records)} other TXT record{'s' if len(records) != 1 else ''}" if records else "no TXT record"
    )
    return f"{domain} has {others}. A new one may take an hour to be seen everywhere."


def _look_at_repository(repository: str, look: Callable[[About], str]) -> _Saw:
    """What `look` finds missing in a repository that is there for all."""
    if not settings.GITHUB_API_URL:
        return _Saw("This site does not read from GitHub.")
    about = _ask_github(lambda github: github.about(repository))
    if isinstance(about, Missed):
        if about.trouble == Trouble.NOT_FOUND:
            return _Saw(f"GitHub has no public repository {repository}.")
        return _Saw(f"GitHub does not show us {repository}: {about.reason}")
    return _Saw(look(about), about.database_id)


def _ask_github(ask: Callable[[GitHub], tuple[Told, Rate | None]]) -> Told:
    anonymous = not has_token()
    resource = RateLimit.Resource.ANONYMOUS if anonymous else RateLimit.Resource.REST
    try:
        with GitHub(anonymous=anonymous) as github, turn(resource) as this:
            told, rate = ask(github)
            this.used(rate)
    except NotYetError as error:
        raise LaterError("GitHub wants us to wait. We try again.", error.until) from error
    except GitHubError as error:
        raise LaterError("GitHub did not answer. We try again.") from error
    return told


def _look_at_homepage(repository: str, about: About, domain: str) -> str:
    host = plain_domain(about.homepage)
    if host == domain or host.endswith(f".{domain}"):
        return ""
    return (
        f"The record is there, but {repository} does not lead to {domain}: at GitHub, enter an address of {domain} as "
        "its website (beside About). Then ask again."
    )


def _look_at_file(repository: str, record: str) -> str:
    told = _ask_github(lambda github: github.file(repository, PROOF_FILE))
    if isinstance(told, Missed):
        if told.trouble == Trouble.NOT_FOUND:
            return (
                f"There is no file {PROOF_FILE} in the default branch of {repository}, or it can’t be read by"
                " everybody."
            )
        return f"GitHub does not show us the file {PROOF_FILE} of {repository}: {told.reason}"
    if record in (line.strip() for line in told.decode("utf-8", "replace").splitlines()):
        return ""
    return f"The file {PROOF_FILE} of {repository} is there, but without the line that we look for."


@transaction.atomic
def _finish(check: ProofCheck, *, said: str, is_found: bool, github_id: int | None = None) -> None:
    """Write what was seen, unless it was claimed anew or deleted meanwhile, and what follows from it."""
    ours = ProofCheck.objects.filter(pk=check.pk, due_at=check.due_at)
    row = ours.select_related("company", "stack__company", "person").select_for_update(of=("self",)).first()
    if row is None:
        return
    if is_found and row.company and check.company:
        said = _prove_company(check.company, row.person)
    elif is_found and row.stack and check.stack:
        said = _prove_stack(
            row.stack,
            row.way,
            repository=check.stack.repository,
            domain=_domain_of(check),
            github_id=github_id,
        )
    row.said, row.is_found, row.due_at, row.checked_at = (
        said[:300],
        is_found and not said,
        None,
        timezone.now(),
    )
    row.save(update_fields=["said", "is_found", "due_at", "checked_at"])
    of = row.company or row.stack
    if row.is_found and of:
        what = f"the domain {row.company.domain}" if row.company else "its repository"
        text = f"{of.name}: we saw that {what} is yours"
        notify(person=row.person, kind=Kind.STACK, actor=None, text=text, url=of.get_absolute_url())


def _prove_company(seen: Company, person: User) -> str:
    """Note that the domain is the company's, and that the person looks after it; answers what hinders it, in words.

    `seen`: the company as it was when the record was looked for.
    """
    locked = Company.objects.select_for_update(no_key=True).get(pk=seen.pk)
    if locked.domain != seen.domain:
        return "The domain of the company was changed meanwhile. Ask again."
    if locked.proof_token != seen.proof_token:
        # Perhaps because this very person was taken out.
        return "What the record must say was changed meanwhile. Look at it again."
    if locked.proved_at is None:
        locked.proved_at, locked.proved_by = timezone.now(), ProvedBy.DNS
        try:
            with transaction.atomic():
                locked.save(update_fields=["proved_at", "proved_by"])
        except IntegrityError:
            return (
                f"Another company here has shown that {seen.domain} is its own. Write to us if that is wrong."
            )
        settle(Stack.objects.filter(company=locked))
    role = {"role": Membership.Role.ADMIN, "proved_by": ProvedBy.DNS}
    Membership.objects.update_or_create(company=locked, person=person, defaults=role)
    Removal.objects.filter(company=locked, person=person).delete()
    return ""


def _domain_of(check: ProofCheck) -> str:
    """That a record of a stack's repository was looked for at; "" for a file."""
    company = check.stack.company if check.stack and check.way == ProvedBy.DNS else None
    return company.domain if company else ""


def _prove_stack(stack: Stack, way: str, *, repository: str, domain: str, github_id: int | None) -> str:
    """Note that `repository` is the owner's, and set tiers anew; answers what hinders it, in words."""
    with counting_usage(stack) as locked:
        if locked.repository != repository:
            return "The repository of the stack was changed meanwhile. Ask again."
        # Who changes the domain holds the company, as we do now.
        if domain and not Company.objects.listed().filter(stacks=locked, domain=domain).exists():
            return "The domain of the company was changed meanwhile. Ask again."
        locked.proved_at, locked.proved_by, locked.github_id = timezone.now(), way, github_id
        locked.save(update_fields=["proved_at", "proved_by", "github_id"])
        set_tiers(locked)
    return ""
