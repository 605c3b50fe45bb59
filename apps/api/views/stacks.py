"""Stacks: lists, one, what it runs and ran."""

import re
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated, ParseError, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.access import OpenToRead
from apps.api.addresses import next_address, site_address
from apps.api.serializers import (
    ChangeSerializer,
    ChangeStackSerializer,
    CursorSerializer,
    EvidenceSerializer,
    NewStackSerializer,
    StackFilterSerializer,
    StackSerializer,
)
from apps.api.views.base import OPEN, ApiView, errors
from apps.core.pagination import BadCursorError, Key, Page, paginate
from apps.stacks.models import Company, Evidence, Item, Stack
from apps.stacks.services.stacks import change_stack, create_stack, delete_stack

PAGE_SIZE = 50
EVIDENCE_PAGE_SIZE = 200

IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description='The ETag of what you saw: refused with 412 if somebody changed the stack since. Such as "17".',
)


def page_of(name: str, rows: Any) -> Any:
    """The description of a page of a list."""
    return inline_serializer(
        name,
        {"results": rows, "next": serializers.URLField(allow_null=True, help_text="Null on the last page.")},
    )


class StacksView(ApiView):
    permission_classes: ClassVar = [OpenToRead]

    @extend_schema(
        operation_id="stacks_list",
        summary="Public stacks, or yours",
        tags=["stacks"],
        parameters=[StackFilterSerializer, CursorSerializer],
        responses={200: page_of("StackPage", StackSerializer(many=True)), **errors(400)},
        auth=OPEN,
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        taken = StackFilterSerializer(data=request.query_params)
        taken.is_valid(raise_exception=True)
        chosen = taken.validated_data
        if chosen["mine"] and not request.user.is_authenticated:
            raise NotAuthenticated
        stacks = Stack.objects.editable_by(request.user) if chosen["mine"] else Stack.objects.public()
        if "owner" in chosen:
            stacks = stacks.of_owner(chosen["owner"])
        if "kind" in chosen:
            stacks = stacks.filter(kind=chosen["kind"])
        if "tool" in chosen:
            items = Item.objects.current().filter(stack=OuterRef("pk"), tool__slug=chosen["tool"])
            stacks = stacks.filter(Exists(items))
        page = page_at(request, stacks.with_owner(), [Key("id", descending=True)], PAGE_SIZE)
        return listed(request, page, StackSerializer)

    @extend_schema(
        operation_id="stacks_create",
        summary="A new stack",
        tags=["stacks"],
        request=NewStackSerializer,
        responses={201: StackSerializer, **errors(400, 403)},
    )
    def post(self, request: Request) -> Response:
        taken = NewStackSerializer(data=request.data)
        taken.is_valid(raise_exception=True)
        values = dict(taken.validated_data)
        company = _company(request, values.pop("company", ""))
        stack = create_stack(person=request.user, company=company, **values)
        return shown(request, stack, status=201)


class StackView(ApiView):
    permission_classes: ClassVar = [OpenToRead]

    @extend_schema(
        operation_id="stacks_retrieve",
        summary="A stack",
        tags=["stacks"],
        responses={200: StackSerializer, **errors(404)},
        auth=OPEN,
    )
    def get(self, request: Request, owner: str, slug: str) -> Response:
        return shown(request, find_stack(request, owner, slug))

    @extend_schema(
        operation_id="stacks_partial_update",
        summary="Change a stack",
        tags=["stacks"],
        request=ChangeStackSerializer,
        parameters=[IF_MATCH],
        responses={200: StackSerializer, **errors(400, 403, 404, 412)},
    )
    def patch(self, request: Request, owner: str, slug: str) -> Response:
        """What is left out stays as it is."""
        stack = find_stack(request, owner, slug)
        taken = ChangeStackSerializer(data=request.data, partial=True)
        taken.is_valid(raise_exception=True)
        stack = change_stack(
            person=request.user, stack=stack, seen_version=seen_version(request), **taken.validated_data
        )
        return shown(request, stack)

    @extend_schema(
        operation_id="stacks_destroy",
        summary="Delete a stack",
        tags=["stacks"],
        responses={204: None, **errors(403, 404)},
    )
    def delete(self, request: Request, owner: str, slug: str) -> Response:
        """With its history. It can't be undone."""
        delete_stack(person=request.user, stack=find_stack(request, owner, slug))
        return Response(status=204)


class EvidenceView(ApiView):
    permission_classes: ClassVar = [OpenToRead]

    @extend_schema(
        operation_id="stacks_evidence_list",
        summary="What shows that a stack runs its tools",
        tags=["stacks"],
        parameters=[CursorSerializer],
        responses={200: page_of("EvidencePage", EvidenceSerializer(many=True)), **errors(400, 404)},
        auth=OPEN,
    )
    def get(self, request: Request, owner: str, slug: str) -> Response:
        """Places in files, of the tools that it runs now."""
        stack = find_stack(request, owner, slug)
        rows = Evidence.objects.filter(item__stack=stack, item__until="").select_related("item__tool")
        return listed(request, page_at(request, rows, [Key("id")], EVIDENCE_PAGE_SIZE), EvidenceSerializer)


class HistoryView(ApiView):
    permission_classes: ClassVar = [OpenToRead]

    @extend_schema(
        operation_id="stacks_history_list",
        summary="What changed in a stack",
        tags=["stacks"],
        parameters=[CursorSerializer],
        responses={200: page_of("ChangePage", ChangeSerializer(many=True)), **errors(400, 404)},
        auth=OPEN,
    )
    def get(self, request: Request, owner: str, slug: str) -> Response:
        """Newest first."""
        rows = find_stack(request, owner, slug).changes.select_related("tool", "other")
        keys = [Key("on", descending=True), Key("id", descending=True)]
        return listed(request, page_at(request, rows, keys, PAGE_SIZE), ChangeSerializer)


def find_stack(request: Request, owner: str, slug: str) -> Stack:
    """The stack at this address, if who asks may see it."""
    stacks = Stack.objects.visible_to(request.user).with_owner().of_owner(owner)
    stack = stacks.filter(slug=slug).first()
    if stack is None:
        raise Http404
    return stack


def shown(request: Request, stack: Stack, *, status: int = 200) -> Response:
    data = StackSerializer(stack, context={"request": request}).data
    headers = {"ETag": f'"{stack.version}"'}
    if status == 201:
        headers["Location"] = site_address(request, f"{request.path}{stack.owner_slug}/{stack.slug}/")
    return Response(data, status=status, headers=headers)


def seen_version(request: Request) -> int | None:
    """The version that `If-Match` names; None without it. Raises `ParseError`."""
    tag = request.headers.get("If-Match")
    if tag is None or tag.strip() == "*":
        return None
    match = re.fullmatch(r'"(\d{1,9})"', tag.strip())
    if match is None:
        raise ParseError('Send If-Match as the ETag of the stack: "17".')
    return int(match[1])


def page_at(request: Request, rows: Any, keys: list[Key], size: int) -> Page[Any]:
    try:
        return paginate(rows, keys=keys, cursor=request.query_params.get("cursor", ""), size=size)
    except BadCursorError:
        raise ValidationError({"cursor": ["This is not from `next` of a list."]}) from None


def listed(request: Request, page: Page[Any], serializer: Any) -> Response:
    results = serializer(page.rows, many=True, context={"request": request}).data
    return Response({"results": results, "next": next_address(request, page.next_cursor)})


def _company(request: Request, slug: str) -> Company | None:
    if not slug:
        return None
    company = Company.objects.visible_to(request.user).filter(slug=slug).first()
    if company is None:
        raise ValidationError({"company": [f"There is no company {slug}."]})
    return company
