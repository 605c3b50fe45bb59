"""Companies and who belongs to them."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import slugify

from apps.accounts.displaynames import problem_of_name
from apps.accounts.models import User
from apps.accounts.permissions import check_takes_part
from apps.accounts.services.usernames import check_is_free, hold_name
from apps.core.folding import one_line
from apps.stacks.models import Company, Membership, ProvedBy, Removal, Stack, new_proof_token
from apps.stacks.permissions import check_looks_after
from apps.stacks.problems import Problems, problems_of
from apps.stacks.services.usage import settle

# More than anybody works for; who collects names stops here.
MAX_COMPANIES = 10
FIELDS = ("name", "website", "domain", "description")

# Anybody has an address there: it shows nothing of whose the domain is.
FREE_MAIL = frozenset(
    """
    126.com 163.com aim.com alice.it aliyun.com aol.com arcor.de att.net bellsouth.net bigpond.com bk.ru bluewin.ch
    bol.com.br btinternet.com charter.net cock.li comcast.net cox.net disroot.org duck.com earthlink.net email.com
    email.cz fastmail.com fastmail.fm foxmail.com free.fr freemail.hu freenet.de gmail.com gmx.at gmx.ch gmx.co.uk
    gmx.com gmx.de gmx.net googlemail.com guerrillamail.com hanmail.net hey.com home.nl hotmail.be hotmail.ca
    hotmail.co.uk hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it hotmail.nl hushmail.com icloud.com
    ig.com.br inbox.ru interia.pl kpnmail.nl laposte.net libero.it list.ru live.ca live.co.uk live.com live.de
    live.fr live.it live.nl mac.com mail.com mail.de mail.ru mailbox.org mailfence.com mailinator.com mailo.com
    me.com msn.com naver.com ntlworld.com o2.pl onet.pl online.de optonline.net orange.fr outlook.com outlook.de
    outlook.es outlook.fr outlook.it passmail.net planet.nl pm.me posteo.de posteo.net privaterelay.appleid.com
    proton.me protonmail.ch protonmail.com protonmail.de qq.com rambler.ru rediffmail.com riseup.net rocketmail.com
    rogers.com runbox.com sapo.pt sbcglobal.net seznam.cz sfr.fr sharklasers.com shaw.ca simplelogin.com sina.cn
    sina.com sky.com skynet.be sympatico.ca t-online.de talktalk.net telenet.be terra.com.br tin.it tiscali.it
    tuta.com tuta.io tutamail.com tutanota.com tutanota.de ukr.net uol.com.br usa.net users.noreply.github.com
    verizon.net virgilio.it virginmedia.com wanadoo.fr web.de wp.pl xs4all.nl xtra.co.nz ya.ru yahoo.ca yahoo.co.in
    yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.ar yahoo.com.au yahoo.com.br yahoo.com.mx yahoo.de yahoo.es yahoo.fr
    yahoo.in yahoo.it yandex.by yandex.com yandex.kz yandex.ru yandex.ua yeah.net ymail.com yopmail.com ziggo.nl
    zoho.com zoho.eu zohomail.com
    """.split()  # noqa: SIM905
)

_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?!\d+\Z){_LABEL}")
_TAKEN = "Another company has shown that this domain is its own."


def plain_domain(text: str) -> str:
    """The domain in a domain, mail address or address of a page, as name servers know it; "" for none."""
    text = text.strip().lower()
    if "/" not in text:
        text = text.rpartition("@")[2]
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
        host = host.rstrip(".").removeprefix("www.").encode("idna").decode()
    except ValueError:
        return ""
    return host if len(host) <= 100 and _DOMAIN.fullmatch(host) else ""


def has_company(name: str) -> bool:
    """Whether a company has this name in its addresses, which it shares with people."""
    return Company.objects.filter(slug=name).exists()


@transaction.atomic
def create_company(
    *, person: User, name: str, website: str = "", domain: str = "", slug: str = "", description: str = ""
) -> Company:
    """A company that `person` looks after. Proved at once where they have a verified mail address of the domain.

    Without a domain it is that of the website. Raises `ValidationError` by field: the slug is a person's or another's,
    the domain is one of free mail, or proved by another company; `PermissionDenied`.
    """
    check_takes_part(person)
    # Two at once are counted one after the other.
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    if Company.objects.filter(created_by=person).count() >= MAX_COMPANIES:
        raise ValidationError(f"{MAX_COMPANIES} companies of one person are enough.", code="limit")
    company = Company(created_by=person)
    values = {"name": name, "website": website, "domain": domain or website, "description": description}
    problems = _set(company, values)
    slugs = [slug.strip().lower()] if slug.strip() else _slugs_of(company)
    if wrong := _take_slug(company, slugs):
        problems["slug"] = wrong
    if problems:
        raise ValidationError(problems)
    _prove_by_mail(company, person)
    _save(company)
    Membership.objects.create(
        company=company, person=person, role=Membership.Role.ADMIN, proved_by=company.proved_by
    )
    return company


@transaction.atomic
def change_company(*, person: User, company: Company, **values: str) -> Company:
    """Change name, website, domain, description.

    Another domain ends what was proved, unless the person has a verified mail address of it. Raises `ValidationError`
    by field, `PermissionDenied`.
    """
    check_takes_part(person)
    check_looks_after(person, company)
    company = _lock(company)
    before = company.domain
    if problems := _set(company, values):
        raise ValidationError(problems)
    if company.domain != before:
        company.proved_at, company.proved_by = None, ""
        _prove_by_mail(company, person)
    company.changed_at = timezone.now()
    _save(company)
    if company.domain != before:
        settle(Stack.objects.filter(company=company), ends_records=True)
    return company


@transaction.atomic
def join_company(*, person: User, company: Company) -> Membership:
    """By a verified mail address of the company's domain. Raises `PermissionDenied` that says what to do.

    Who belongs to it already is answered their membership. Where nobody looks after the company any more, who joins
    does from now on.
    """
    check_takes_part(person)
    company = _lock(company)
    membership = company.memberships.filter(person=person).first()
    if membership is not None:
        return membership
    if company.proved_at is None:
        raise PermissionDenied(f"Nobody has shown yet that {company.domain} is the company's.")
    if not _has_mail(person, company.domain):
        raise PermissionDenied(
            f"Members have a mail address of {company.domain}. Add yours in Settings, then E-mail, and verify it."
        )
    if company.removals.filter(person=person).exists():
        raise PermissionDenied(
            "You were taken out of the company. Ask one who looks after it to let you in again."
        )
    is_kept = company.memberships.filter(role=Membership.Role.ADMIN).exists()
    role = Membership.Role.MEMBER if is_kept else Membership.Role.ADMIN
    return Membership.objects.create(company=company, person=person, role=role, proved_by=ProvedBy.MAIL)


@transaction.atomic
def leave_company(*, person: User, company: Company) -> None:
    """The last who looks after it can't leave while others are members: words say whom to hand it to."""
    company = _lock(company)
    membership = company.memberships.filter(person=person).first()
    if membership is None:
        return
    if _is_last_admin(membership) and (heir := _heir(membership)):
        raise ValidationError(
            f"Nobody else looks after the company. Have somebody do so first, such as @{heir.person.username}.",
            code="last",
        )
    membership.delete()


@transaction.atomic
def change_role(*, person: User, membership: Membership, role: str) -> Membership:
    """Have a member look after the company, or no longer. Raises `ValidationError`, `PermissionDenied`."""
    check_takes_part(person)
    membership = _lock_membership(person, membership)
    if role not in Membership.Role:
        raise ValidationError("There is no such role.", code="role")
    if role != Membership.Role.ADMIN and _is_last_admin(membership):
        raise ValidationError("Somebody has to look after the company.", code="last")
    if role != membership.role:
        if membership.role == Membership.Role.ADMIN:
            _renew_records(membership.company)
        membership.role = role
        membership.save(update_fields=["role"])
    return membership


@transaction.atomic
def remove_member(*, person: User, membership: Membership) -> None:
    """They come back by a new DNS record, or once `let_in_again` allows it. Done twice is success.

    Raises `ValidationError`, `PermissionDenied`.
    """
    check_takes_part(person)
    if not Membership.objects.filter(pk=membership.pk).exists():
        return
    membership = _lock_membership(person, membership)
    if membership.person_id == person.pk:
        raise ValidationError("This is you: leave the company instead.", code="self")
    _take_out(membership)


@transaction.atomic
def let_in_again(*, person: User, removal: Removal) -> None:
    """Who was taken out may join again by their mail address. Done twice is success. Raises `PermissionDenied`."""
    check_takes_part(person)
    check_looks_after(person, removal.company)
    Removal.objects.filter(pk=removal.pk).delete()


# --- By moderators, and when a person leaves -----------------------------------------------------


@transaction.atomic
def prove_company(*, company: Company, way: ProvedBy) -> Company:
    """Note that the domain was shown to be the company's: from now on all see it. Raises `ValidationError`."""
    company = _lock(company)
    if company.proved_at is None:
        company.proved_at, company.proved_by = timezone.now(), way
        _save(company)
        settle(Stack.objects.filter(company=company))
    return company


@transaction.atomic
def unprove_company(*, company: Company) -> Company:
    """The domain is not the company's after all: only members and moderators see it, and nothing of it counts."""
    company = _lock(company)
    company.proved_at, company.proved_by = None, ""
    _save(company)
    settle(Stack.objects.filter(company=company), ends_records=True)
    return company


@transaction.atomic
def remove_members(*, memberships: QuerySet[Membership], may_return: bool = False) -> int:
    """Take these out of their companies; answers how many. With `may_return` they left by themselves.

    Where nobody looks after a company any more, its oldest member does from now on.
    """
    rows = list(memberships.select_related("company").order_by("company_id", "pk"))
    for membership in rows:
        _lock(membership.company)
        heir = _heir(membership) if _is_last_admin(membership) else None
        if heir:
            heir.role = Membership.Role.ADMIN
            heir.save(update_fields=["role"])
        if may_return:
            membership.delete()
        else:
            _take_out(membership)
    return len(rows)


def _lock(company: Company) -> Company:
    return Company.objects.select_for_update(no_key=True).get(pk=company.pk)


def _lock_membership(person: User, membership: Membership) -> Membership:
    """The row as it is now, its company locked, for somebody who looks after it."""
    check_looks_after(person, _lock(membership.company))
    found = Membership.objects.select_related("company", "person").filter(pk=membership.pk).first()
    if found is None:
        raise ValidationError("This person is no member any more.", code="gone")
    return found


def _take_out(membership: Membership) -> None:
    Removal.objects.get_or_create(company=membership.company, person=membership.person)
    _renew_records(membership.company)
    membership.delete()


def _renew_records(company: Company) -> None:
    """A record that somebody once put into the DNS, and that nobody took away, makes them no admin again."""
    Company.objects.filter(pk=company.pk).update(proof_token=new_proof_token())


def _is_last_admin(membership: Membership) -> bool:
    admins = Membership.objects.filter(company=membership.company_id, role=Membership.Role.ADMIN)
    return membership.role == Membership.Role.ADMIN and not admins.exclude(pk=membership.pk).exists()


def _heir(membership: Membership) -> Membership | None:
    others = Membership.objects.filter(company=membership.company_id).exclude(pk=membership.pk)
    return others.filter(person__is_active=True).select_related("person").order_by("pk").first()


def _set(company: Company, values: Mapping[str, str]) -> Problems:
    """Set what is in `values`; answers what is wrong with it, by field."""
    if unknown := values.keys() - set(FIELDS):
        raise TypeError(f"No company has {', '.join(sorted(unknown))}.")
    problems: Problems = {}
    for name, value in values.items():
        setattr(company, name, value.strip())
    company.name = one_line(company.name)
    if problem := problem_of_name(company.name):
        problems["name"] = [ValidationError(problem)]
    if "domain" in values:
        company.domain = plain_domain(values["domain"])
        if problem := _domain_problem(company):
            problems["domain"] = [ValidationError(problem)]
    return problems | problems_of(company, exclude=["slug", "created_by", *problems])


def _domain_problem(company: Company) -> str:
    if not company.domain:
        return "Write the domain of the company, such as example.com."
    if company.domain in FREE_MAIL:
        return "Anybody has a mail address there. Write the company's own domain."
    if Company.objects.listed().filter(domain=company.domain).exclude(pk=company.pk).exists():
        return _TAKEN
    return ""


def _take_slug(company: Company, slugs: Iterable[str]) -> list[ValidationError]:
    """Give the company the first of `slugs` that nobody has, and keep it from others; else what is wrong."""
    problems: list[ValidationError] = []
    for slug in slugs:
        company.slug = slug
        with hold_name(slug):
            try:
                Company._meta.get_field("slug").clean(slug, company)
                check_is_free(slug)
            except ValidationError as error:
                problems = error.error_list
            else:
                return []
    return problems


def _slugs_of(company: Company) -> list[str]:
    """Out of the name, numbered for where somebody has it."""
    base = slugify(company.name.replace("_", "-"))[:34].strip("-") or company.domain.partition(".")[0]
    return [base, *(f"{base}-{number}" for number in range(2, 8))]


def _has_mail(person: User, domain: str) -> bool:
    """Whether the person showed that a mail address of the domain itself is theirs; subdomains may be customers'."""
    rows = EmailAddress.objects.filter(user=person, verified=True)
    addresses = rows.values_list("email", flat=True)
    return domain not in FREE_MAIL and any(_mail_domain(address) == domain for address in addresses)


def _mail_domain(address: str) -> str:
    """Not by the database: to its upper case, "gıthub.com" (without the dot on the i) is the same as "github.com"."""
    try:
        return address.lower().rpartition("@")[2].encode("idna").decode()
    except UnicodeError:
        return ""


def _prove_by_mail(company: Company, person: User) -> None:
    if _has_mail(person, company.domain):
        company.proved_at, company.proved_by = timezone.now(), ProvedBy.MAIL


def _save(company: Company) -> None:
    """Raises `ValidationError` where another company proved the domain in this very moment."""
    try:
        with transaction.atomic():
            company.save()
    except IntegrityError as error:
        raise ValidationError({"domain": _TAKEN}) from error
