"""Showing that a repository or a domain is one's own."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.accounts.permissions import takes_part
from apps.core.limits import is_allowed
from apps.stacks.models import ProvedBy
from apps.stacks.services.proofs import (
    PROOF_FILE,
    RECORD,
    ask_for_company_proof,
    ask_for_stack_proof,
    company_token,
    stack_token,
)
from apps.stacks.views.finding import find_company, find_own, person_of

# Each has a worker look at somebody's name server or repository.
CHECK_LIMIT = "20/hour"
TOO_OFTEN = "You have asked often within the hour. Wait a little: records take a while to spread, too."


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def stack_proof(request: HttpRequest, owner: str, slug: str) -> HttpResponse:
    """How to show that the stack's repository is one's own; `way=file` or `way=dns` has us look now."""
    stack = find_own(request, owner, slug)
    if request.method == "POST":
        way = request.POST.get("way", "")
        if way not in (ProvedBy.FILE, ProvedBy.DNS):
            return HttpResponse("The way is file or dns.", status=400, content_type="text/plain")
        if not is_allowed("proof", str(request.user.pk), CHECK_LIMIT):
            messages.error(request, TOO_OFTEN)
        else:
            try:
                ask_for_stack_proof(person=person_of(request), stack=stack, way=way)
            except ValidationError as error:
                messages.error(request, " ".join(error.messages))
        return redirect(request.path)
    context = {
        "stack": stack,
        "record": RECORD.format(token=stack_token(stack)),
        "file": PROOF_FILE,
        "check": stack.proof_checks.order_by("-pk").first(),
    }
    return render(request, "stacks/proof.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@takes_part
def company_proof(request: HttpRequest, slug: str) -> HttpResponse:
    """How to show that a company's domain is one's own, which makes one look after it; POST has us look now."""
    company = find_company(request, slug)
    if request.method == "POST":
        if not is_allowed("proof", str(request.user.pk), CHECK_LIMIT):
            messages.error(request, TOO_OFTEN)
        else:
            ask_for_company_proof(person=person_of(request), company=company)
        return redirect(request.path)
    context = {
        "company": company,
        "record": RECORD.format(token=company_token(company, person_of(request))),
        "check": company.proof_checks.filter(person=person_of(request)).order_by("-pk").first(),
    }
    return render(request, "stacks/company_proof.html", context)
