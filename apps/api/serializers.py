"""What the API takes, and what it shows of our rows."""

import base64
import binascii
from typing import Any

from django.db.models import TextChoices
from rest_framework import serializers

from apps.accounts.models import ApiToken, User
from apps.api.addresses import site_address
from apps.detection.sights import File, Kind
from apps.stacks.models import Change, Evidence, Item, Reading, Stack
from apps.tools.models import Tool

# As long as detection reads; a little more, so that it can say of each what is wrong with it.
MAX_PATH_CHARACTERS = 1000
# As `detect.Limits.files`, with room for those of which only the name is sent.
MAX_FILES = 20_000
MAX_CHOSEN = 1000
SCOPES = Item._meta.get_field("scope").choices or ()


class TokenSerializer(serializers.ModelSerializer[ApiToken]):  # type: ignore[misc]
    class Meta:
        model = ApiToken
        fields = ("name", "scope", "expires_at")


class PersonSerializer(serializers.ModelSerializer[User]):  # type: ignore[misc]
    """The person whose token it is."""

    following_count = serializers.IntegerField(source="follows.count", read_only=True)

    class Meta:
        model = User
        fields = (
            "username", "name", "title", "company", "place", "bio", "links", "date_joined", "follower_count",
            "following_count", "reputation",
        )  # fmt: skip


class MeSerializer(PersonSerializer):
    """And what the token may do."""

    token = TokenSerializer(read_only=True)

    class Meta(PersonSerializer.Meta):
        fields = (*PersonSerializer.Meta.fields, "token")  # type: ignore[assignment]


class ProblemSerializer(serializers.Serializer[Any]):  # type: ignore[misc]
    """What is wrong: a sentence."""

    detail = serializers.CharField()


# --- Files and what they show -------------------------------------------------------------------


class Encoding(TextChoices):
    TEXT = "text"
    BASE64 = "base64"


class FileSerializer(serializers.Serializer[File]):  # type: ignore[misc]
    """A file: `path` below the root of the project, with slashes. Without `content` only its name counts."""

    path = serializers.CharField(max_length=MAX_PATH_CHARACTERS)
    content = serializers.CharField(required=False, default="", allow_blank=True, trim_whitespace=False)
    encoding = serializers.ChoiceField(Encoding.choices, required=False, default=Encoding.TEXT)

    def to_internal_value(self, data: Any) -> File:
        if isinstance(data, File):
            # Of a form, which has no more to say.
            return data
        values = super().to_internal_value(data)
        if values["encoding"] == Encoding.TEXT:
            return File(values["path"], values["content"].encode())
        try:
            return File(values["path"], base64.b64decode(values["content"], validate=True))
        except (binascii.Error, ValueError):
            raise serializers.ValidationError({"content": ["This is not base64."]}) from None


class FilesSerializer(serializers.Serializer[Any]):  # type: ignore[misc]
    files = FileSerializer(many=True, allow_empty=False, max_length=MAX_FILES)


class FindingSerializer(serializers.Serializer[Any]):  # type: ignore[misc]
    """Evidence for a tool. `line` counts from 1; `purl` is empty for what is no package."""

    tool = serializers.CharField(help_text="Its slug: the last part of its address here.")
    kind = serializers.ChoiceField([kind.value for kind in Kind])
    name = serializers.CharField()
    path = serializers.CharField()
    line = serializers.IntegerField(allow_null=True)
    purl = serializers.CharField()
    version = serializers.CharField()
    scope = serializers.ChoiceField(SCOPES)
    confidence = serializers.FloatField(help_text="0 to 1; below 0.5 it is a mere mention.")
    is_direct = serializers.BooleanField(help_text="False: brought along by another package.")


class UnreadSerializer(serializers.Serializer[Any]):  # type: ignore[misc]
    path = serializers.CharField()
    reason = serializers.CharField()


class ReportSerializer(serializers.Serializer[Any]):  # type: ignore[misc]
    """`tools`: the slugs worth naming. `unknown`: packages that no tool here is known for, as package URLs."""

    tools = serializers.ListField(child=serializers.CharField())
    findings = FindingSerializer(many=True)
    unread = UnreadSerializer(many=True)
    unknown = serializers.ListField(child=serializers.CharField())


# --- Readings -----------------------------------------------------------------------------------


class NewReadingSerializer(FilesSerializer):
    """Files, and what they are for. With `publish` a `stack` is brought to what they show at once."""

    stack = serializers.CharField(required=False, default="", allow_blank=True, help_text="owner/slug")
    source = serializers.ChoiceField(
        [(source.value, source.label) for source in (Reading.Source.CLI, Reading.Source.UPLOAD)],
        required=False,
        default=Reading.Source.UPLOAD,
        help_text="How they came here. Of a bill of materials and a techstack.yml it is seen.",
    )
    repository = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=140,
        help_text="owner/name that they are of: tools that came from another one are not taken for gone.",
    )
    commit = serializers.RegexField(r"^[0-9a-fA-F]{7,40}\Z", required=False, default="", allow_blank=True)
    publish = serializers.BooleanField(required=False, default=False)


class RowSerializer(serializers.Serializer[Any]):  # type: ignore[misc]
    """What a reading says of a tool beside what the stack says."""

    tool = serializers.CharField(source="tool.slug")
    name = serializers.CharField(source="tool.name")
    change = serializers.ChoiceField(["added", "upgraded", "same", "gone"])
    version = serializers.CharField()
    before = serializers.CharField(help_text="The version that the stack says.")
    scope = serializers.CharField()
    is_chosen = serializers.BooleanField(help_text="Published unless you say otherwise.")


class ReadingSerializer(serializers.ModelSerializer[Reading]):  # type: ignore[misc]
    address = serializers.SerializerMethodField(
        help_text="Its page, where a person reviews and publishes it."
    )
    stack = serializers.SerializerMethodField(help_text='"owner/slug", or null: for a new one.')
    changes = RowSerializer(many=True, read_only=True, source="rows")
    unread = UnreadSerializer(many=True, read_only=True)
    unknown = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Reading
        fields = ("id", "address", "state", "source", "stack", "changes", "unread", "unknown", "created_at")

    def get_address(self, reading: Reading) -> str:
        return site_address(self.context["request"], reading.get_absolute_url())

    def get_stack(self, reading: Reading) -> str | None:
        return stack_name(reading.stack) if reading.stack else None


class PublishSerializer(serializers.Serializer[Any]):  # type: ignore[misc]
    """Which stack, if the reading does not say, and which tools: without `tools`, those that are chosen."""

    stack = serializers.CharField(required=False, default="", allow_blank=True, help_text="owner/slug")
    tools = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, max_length=MAX_CHOSEN
    )


# --- Stacks -------------------------------------------------------------------------------------


def stack_name(stack: Stack) -> str:
    return f"{stack.owner_slug}/{stack.slug}"


class StackSerializer(serializers.ModelSerializer[Stack]):  # type: ignore[misc]
    owner = serializers.CharField(
        source="owner_slug", read_only=True, help_text="A person's or company's slug."
    )
    address = serializers.SerializerMethodField(help_text="Its page.")

    class Meta:
        model = Stack
        fields = (
            "owner", "slug", "name", "description", "kind", "link", "visibility", "repository", "commit",
            "read_at", "proved_at", "item_count", "version", "created_at", "changed_at", "address",
        )  # fmt: skip
        read_only_fields = fields

    def get_address(self, stack: Stack) -> str:
        return site_address(self.context["request"], stack.get_absolute_url())


class ChangeStackSerializer(serializers.Serializer[Any]):  # type: ignore[misc]
    """What may be said of a stack; the lengths and forms are checked by the service."""

    name = serializers.CharField(max_length=80)
    slug = serializers.SlugField(required=False, allow_blank=True, max_length=60)
    description = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    kind = serializers.ChoiceField(Stack.Kind.choices, required=False)
    link = serializers.URLField(required=False, allow_blank=True, max_length=200)
    visibility = serializers.ChoiceField(Stack.Visibility.choices, required=False)
    repository = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="owner/name"
    )


class NewStackSerializer(ChangeStackSerializer):
    """Without `company` the stack is your own."""

    company = serializers.SlugField(required=False, allow_blank=True, max_length=40, help_text="Its slug.")


class StackFilterSerializer(serializers.Serializer[Any]):  # type: ignore[misc]
    tool = serializers.SlugField(required=False, help_text="That run this tool now: its slug.")
    owner = serializers.SlugField(required=False, help_text="Of this person or company.")
    kind = serializers.ChoiceField(Stack.Kind.choices, required=False)
    mine = serializers.BooleanField(
        required=False, default=False, help_text="Yours and your companies', private ones too. Needs a token."
    )


class CursorSerializer(serializers.Serializer[Any]):  # type: ignore[misc]
    cursor = serializers.CharField(required=False, default="", help_text="From `next` of the page before.")


class ItemSerializer(serializers.ModelSerializer[Item]):  # type: ignore[misc]
    """That a stack runs a tool, or ran it: then it has `until`."""

    tool = serializers.CharField(source="tool.slug")
    name = serializers.CharField(source="tool.name")
    replaced_by = serializers.CharField(source="replaced_by.slug", allow_null=True, default=None)

    class Meta:
        model = Item
        fields = (
            "tool", "name", "version", "scope", "stage", "since", "until", "why", "replaced_by", "why_not", "tier"
        )  # fmt: skip


class ToolField(serializers.SlugField):  # type: ignore[misc]
    """A listed tool by its slug."""

    default_error_messages = {"unknown": "No tool here has the slug {slug}."}

    def run_validation(self, data: Any = serializers.empty) -> Any:
        slug = super().run_validation(data)
        tool = Tool.objects.listed().filter(slug=slug).first()
        if tool is None:
            self.fail("unknown", slug=slug)
        return tool


class ChangeItemSerializer(serializers.Serializer[Any]):  # type: ignore[misc]
    """What is left out stays as it is. With `until` the stack runs it no more; `replaced_by` came in its place."""

    why = serializers.CharField(required=False, allow_blank=True, max_length=1000)
    version = serializers.CharField(required=False, allow_blank=True, max_length=60)
    scope = serializers.ChoiceField(SCOPES, required=False)
    stage = serializers.ChoiceField(Item.Stage.choices, required=False)
    since = serializers.CharField(required=False, allow_blank=True, max_length=10)
    until = serializers.CharField(required=False, max_length=10)
    replaced_by = ToolField(required=False)
    why_not = serializers.CharField(required=False, allow_blank=True, max_length=1000)


class NewItemSerializer(serializers.Serializer[Any]):  # type: ignore[misc]
    tool = ToolField()
    why = serializers.CharField(required=False, allow_blank=True, max_length=1000)
    version = serializers.CharField(required=False, allow_blank=True, max_length=60)
    scope = serializers.ChoiceField(SCOPES, required=False)
    stage = serializers.ChoiceField(Item.Stage.choices, required=False)
    since = serializers.CharField(required=False, allow_blank=True, max_length=10)


class EvidenceSerializer(serializers.ModelSerializer[Evidence]):  # type: ignore[misc]
    """`repository` and `commit` are those that we read ourselves: of other files nobody but the sender knows."""

    tool = serializers.CharField(source="item.tool.slug")
    repository = serializers.SerializerMethodField()
    commit = serializers.SerializerMethodField()

    class Meta:
        model = Evidence
        fields = (
            "tool", "source", "path", "line", "purl", "name", "version", "scope", "confidence", "repository",
            "commit", "found_at",
        )  # fmt: skip

    def get_repository(self, evidence: Evidence) -> str:
        return evidence.repository if evidence.source == Evidence.Source.REPOSITORY else ""

    def get_commit(self, evidence: Evidence) -> str:
        return evidence.commit if evidence.source == Evidence.Source.REPOSITORY else ""


class ChangeSerializer(serializers.ModelSerializer[Change]):  # type: ignore[misc]
    """A step in the history: `on` is when it happened, as exactly as the owner knows."""

    tool = serializers.CharField(source="tool.slug")
    other = serializers.CharField(source="other.slug", allow_null=True, default=None)

    class Meta:
        model = Change
        fields = ("tool", "kind", "before", "after", "other", "on", "created_at")
