from django.urls import path

from apps.accounts.views import data, follows, profile, tokens

app_name = "accounts"

urlpatterns = [
    path("settings/profile/", profile.change, name="profile"),
    path("settings/username/", profile.username, name="username"),
    path("settings/tokens/", tokens.index, name="tokens"),
    path("settings/tokens/<int:pk>/revoke/", tokens.revoke, name="revoke_token"),
    path("settings/data/", data.index, name="data"),
    path("settings/data/<int:pk>.json.gz", data.export, name="export"),
    path("settings/data/close/", data.close, name="close"),
    path("people/<str:username>/follow/", follows.follow, name="follow"),
    path("avatars/<int:pk>-<str:digest>.webp", profile.avatar, name="avatar"),
]
