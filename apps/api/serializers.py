"""What the API shows of our rows."""

from rest_framework import serializers

from apps.accounts.models import ApiToken, User


class TokenSerializer(serializers.ModelSerializer[ApiToken]):  # type: ignore[misc]
    class Meta:
        model = ApiToken
        fields = ("name", "scope", "expires_at")


class MeSerializer(serializers.ModelSerializer[User]):  # type: ignore[misc]
    """The person whose token it is."""

    following_count = serializers.IntegerField(source="follows.count", read_only=True)

    class Meta:
        model = User
        fields = (
            "username", "name", "title", "company", "place", "bio", "links", "date_joined", "follower_count",
            "following_count", "reputation",
        )  # fmt: skip
