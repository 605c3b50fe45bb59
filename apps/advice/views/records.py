"""The record of a decision, to be kept in a repository."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from apps.advice.madr import Decision, record
from apps.advice.models import Post, PostTool
from apps.advice.views.finding import find_post
from apps.core.context import absolute_url
from apps.stacks.models import Stack


@require_safe
def adr(request: HttpRequest, pk: str, slug: str) -> HttpResponse:
    """The decision as a file in Markdown (MADR 4). 404 for a question."""
    post = find_post(request, pk)
    if not post.is_decision:
        raise Http404
    if slug != post.slug:
        return redirect("advice:adr", pk=post.pk, slug=post.slug, permanent=True)
    return HttpResponse(
        record(_decision(request, post)),
        content_type="text/markdown; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{post.pk:04}-{post.slug}.md"'},
    )


def _decision(request: HttpRequest, post: Post) -> Decision:
    author, tools = post.author, list(post.post_tools.select_related("tool"))
    # The file is handed on: it names no stack that others do not see.
    stack = Stack.objects.public().with_owner().filter(pk=post.stack_id).first() if post.stack_id else None
    return Decision(
        title=post.title,
        decided_on=_day(post),
        # Of who was locked out or is leaving, others see no name.
        decider=author.username if author and author.is_active and not author.closed_at else "",
        body=post.body,
        chosen=[row.tool.name for row in tools if row.role == PostTool.Role.CHOSEN],
        rejected=[(row.tool.name, row.why) for row in tools if row.role == PostTool.Role.REJECTED],
        since=post.since,
        again=post.get_again_display(),
        address=absolute_url(request, post.get_absolute_url()),
        stack_name=f"{stack.owner_name}: {stack.name}" if stack else "",
        stack_address=absolute_url(request, stack.get_absolute_url()) if stack else "",
    )


def _day(post: Post) -> date:
    """When it was decided: the day since when it is run, if that is known to the day, else that of the post."""
    return date.fromisoformat(post.since) if len(post.since) == len("2025-11-03") else post.created_at.date()
