from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from apps.accounts.permissions import takes_part
from apps.core.redirects import safe_next
from apps.votes.buttons import WAITS, MyVote, button_context
from apps.votes.kinds import KINDS
from apps.votes.models import Vote
from apps.votes.services.casting import cast_vote


@require_POST
@takes_part
def cast(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Vote on one thing, or take the vote back: `value` is 1, -1 or 0. Repeating it changes nothing."""
    if kind not in KINDS:
        raise Http404
    values = {str(value): value for value in KINDS[kind].values}
    value = values.get(request.POST.get("value", ""))
    if value is None:
        return HttpResponseBadRequest(f"The value must be one of {', '.join(values)}.")
    target = get_object_or_404(KINDS[kind].visible_to(request.user), pk=pk)
    try:
        vote = cast_vote(voter=request.user, target=target, value=value)  # type: ignore[arg-type]
    except ObjectDoesNotExist:
        # Deleted meanwhile.
        raise Http404 from None
    is_waiting = vote is not None and vote.state == Vote.State.PENDING
    if request.htmx:  # type: ignore[attr-defined]
        mine = MyVote(vote.value, vote.state) if vote else None
        answer = render(request, "votes/_vote.html", button_context(request, target, mine))
        return trigger_client_event(answer, "said", {"words": WAITS}) if is_waiting else answer
    if is_waiting:
        messages.info(request, WAITS)
    # Back to where it stands on the page; a tool is the page itself.
    anchor = f"#{kind}-{pk}" if KINDS[kind].author else ""
    return redirect(f"{safe_next(request)}{anchor}")
