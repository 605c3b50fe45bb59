"""Following a tool."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from apps.accounts.models import User
from apps.accounts.permissions import takes_part
from apps.core.redirects import safe_next
from apps.tools.models import Tool
from apps.tools.services.follows import follow_tool, unfollow_tool


@require_POST
@takes_part
def follow(request: HttpRequest, slug: str) -> HttpResponse:
    """`value=1` follows the tool, `value=0` no more. To htmx the button as it is now."""
    person = cast(User, request.user)
    tool = get_object_or_404(Tool.objects.visible_to(person), slug=slug)
    value = request.POST.get("value")
    if value not in ("0", "1"):
        return HttpResponse("The value is 1 to follow or 0 to stop.", status=400, content_type="text/plain")
    tool = (follow_tool if value == "1" else unfollow_tool)(person=person, tool=tool)
    if request.headers.get("HX-Request"):
        followed = {tool.pk} if value == "1" else set()
        return render(request, "tools/_follow.html", {"tool": tool, "followed": followed})
    return redirect(safe_next(request, tool.get_absolute_url()))
