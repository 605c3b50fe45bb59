"""Companies and who belongs to them."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.permissions import takes_part
from apps.core.pagination import BadCursorError, Key, paginate
from apps.stacks import overview
from apps.stacks.forms import CompanyForm, companies_of, show_problems
from apps.stacks.models import Company, Membership, Stack
from apps.stacks.permissions import check_looks_after
from apps.stacks.services.companies import (
    change_company,
    change_role,
    create_company,
    join_company,
    leave_company,
    let_in_again,
    remove_member,
)
from apps.stacks.views.finding import find_company, person_of

PAGE_SIZE = 40
# Stacks on the page of a company; all are at /stacks/?company=.
SHOWN_STACKS = 30

_BY_NAME = [Key("name_key"), Key("id")]
_SEEN = Q(stacks__visibility="public", stacks__is_hidden=False)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Companies whose domain was shown to be theirs, by name; above them the reader's own."""
    rows = Company.objects.listed().annotate(
        name_key=Lower("name"), stack_count=Count("stacks", filter=_SEEN, distinct=True)
    )
    try:
        page = paginate(rows, keys=_BY_NAME, cursor=request.GET.get("after", ""), size=PAGE_SIZE)
    except BadCursorError:
        return redirect(request.path)
    context = {
        "page": page,
        "own": companies_of(person_of(request)) if request.user.is_authenticated else [],
        "is_first": "after" not in request.GET,
        "next_query": urlencode({"after": page.next_cursor}) if page.next_cursor else "",
    }
    return render(request, "stacks/companies.html", context)


@require_safe
def company(request: HttpRequest, slug: str) -> HttpResponse:
    """Its stacks, what they run, and its people."""
    row = find_company(request, slug)
    if row.slug != slug:
        return redirect(row.get_absolute_url())
    visible = row.stacks.visible_to(request.user)
    membership = None
    if request.user.is_authenticated:
        membership = Membership.objects.filter(company=row, person=person_of(request)).first()
    if not membership:
        # Unlisted ones are for those who have the address, and members.
        visible = visible.filter(visibility=Stack.Visibility.PUBLIC)
    stacks = visible.with_owner().order_by("-changed_at", "-pk")[:SHOWN_STACKS]
    context = {
        "company": row,
        "rows": overview.rows_of(stacks),
        "tools": overview.tools_of_company(Stack.objects.public().filter(company=row)),
        "people": overview.people_of(row),
        "membership": membership,
    }
    return render(request, "stacks/company.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def new(request: HttpRequest) -> HttpResponse:
    form = CompanyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            row = create_company(person=person_of(request), **form.values)
        except ValidationError as error:
            show_problems(form, error)
        else:
            if row.proved_at:
                messages.success(
                    request, f"{row.name} is here: your mail address shows that {row.domain} is yours."
                )
                return redirect(row.get_absolute_url())
            messages.success(
                request, f"{row.name} is here. Others see it once {row.domain} is shown to be yours."
            )
            return redirect("stacks:company-proof", slug=row.slug)
    return _form_page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    row = find_company(request, slug)
    check_looks_after(request.user, row)
    form = CompanyForm(request.POST if request.method == "POST" else None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            row = change_company(person=person_of(request), company=row, **form.values)
        except ValidationError as error:
            show_problems(form, error)
        else:
            messages.success(request, "Saved.")
            return redirect(row.get_absolute_url())
    return _form_page(request, form, row)


def _form_page(request: HttpRequest, form: CompanyForm, row: Company | None) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "company": row}
    return render(request, "stacks/company_form.html", context, status=422 if form.errors else 200)


@require_POST
@takes_part
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """By a mail address of the domain; words say what is missing otherwise."""
    row = find_company(request, slug)
    try:
        join_company(person=person_of(request), company=row)
    except PermissionDenied as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"You belong to {row.name} now.")
    return redirect(row.get_absolute_url())


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks first."""
    row = find_company(request, slug)
    get_object_or_404(Membership, company=row, person=person_of(request))
    if request.method != "POST":
        return render(request, "stacks/leave.html", {"company": row})
    try:
        leave_company(person=person_of(request), company=row)
    except (PermissionDenied, ValidationError) as error:
        messages.error(request, _words(error))
        return redirect("stacks:members", slug=row.slug)
    messages.success(request, f"You left {row.name}.")
    return redirect("stacks:companies")


def _words(error: PermissionDenied | ValidationError) -> str:
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def members(request: HttpRequest, slug: str) -> HttpResponse:
    """Who belongs to it, and as what; `role` changes that, `remove` asks and then removes, `again` lets in anew."""
    row = find_company(request, slug)
    check_looks_after(request.user, row)
    if request.method == "POST":
        return _let_in(request, row) if "again" in request.POST else _change_member(request, row)
    rows = row.memberships.select_related("person").order_by("pk")
    context: dict[str, Any] = {
        "company": row,
        "members": rows,
        "roles": Membership.Role.choices,
        "removals": row.removals.select_related("person"),
    }
    wanted = request.GET.get("remove", "")
    # No id is longer.
    if wanted.isdecimal() and len(wanted) < 19:
        context["leaver"] = rows.filter(pk=wanted).first()
    return render(request, "stacks/members.html", context)


def _id(request: HttpRequest, name: str) -> int:
    """0 for what is none."""
    wanted = request.POST.get(name, "")
    return int(wanted) if wanted.isdecimal() and len(wanted) < 19 else 0


def _let_in(request: HttpRequest, row: Company) -> HttpResponse:
    removal = row.removals.select_related("person", "company").filter(pk=_id(request, "again")).first()
    if removal:
        let_in_again(person=person_of(request), removal=removal)
        messages.success(request, f"{removal.person.get_full_name()} may join {row.name} again.")
    return redirect("stacks:members", slug=row.slug)


def _change_member(request: HttpRequest, row: Company) -> HttpResponse:
    membership = get_object_or_404(
        row.memberships.select_related("person", "company"), pk=_id(request, "member")
    )
    name = membership.person.get_full_name()
    try:
        if "remove" in request.POST:
            remove_member(person=person_of(request), membership=membership)
            messages.success(request, f"{name} belongs to {row.name} no more.")
        elif request.POST.get("role") in Membership.Role.values:
            membership = change_role(
                person=person_of(request), membership=membership, role=request.POST["role"]
            )
            does = "looks after" if membership.role == Membership.Role.ADMIN else "is a member of"
            messages.success(request, f"{name} {does} {row.name} now.")
    except ValidationError as error:
        messages.error(request, _words(error))
    return redirect("stacks:members", slug=row.slug)
