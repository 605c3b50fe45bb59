from django.contrib.sitemaps import views as sitemap_views
from django.urls import include, path

from apps.pages.sitemaps import SITEMAPS
from apps.pages.views import development, feed, home, people, site, status

pages = [
    path("", home.home, name="home"),
    path("search/", home.search, name="search"),
    path("@<str:username>/", people.profile, name="profile"),
    path("@<str:username>/pros-and-cons/", people.points, name="profile-points"),
    path("@<str:username>/advice/", people.posts, name="profile-advice"),
    path("@<str:username>/replies/", people.replies, name="profile-replies"),
    path("@<str:username>/tools/", people.followed_tools, name="profile-tools"),
    path("@<str:username>/following/", people.followed_people, name="profile-following"),
    path("@<str:username>/followers/", people.followers, name="profile-followers"),
    path("feed/", feed.feed, name="feed"),
    path("docs/sharing/", site.static_page("docs_sharing"), name="docs-cli"),
    path("about/", site.static_page("about"), name="about"),
    path("contact/", site.contact, name="contact"),
    path("privacy/", site.static_page("privacy"), name="privacy"),
    path("terms/", site.static_page("terms"), name="terms"),
    path("preferences/theme/", site.set_theme, name="theme"),
    path("cards/<path:path>.png", site.card, name="card"),
    path("robots.txt", site.robots, name="robots"),
    path("healthz", site.healthz, name="healthz"),
    path("status/", status.status, name="status"),
    path("development/mail/", development.mails, name="development-mails"),
    path("development/mail/<str:name>/", development.mail, name="development-mail"),
    path("metrics", status.metrics, name="metrics"),
]

urlpatterns = [
    path("", include((pages, "pages"))),
    path(
        "sitemap.xml",
        sitemap_views.index,
        {"sitemaps": SITEMAPS, "sitemap_url_name": "sitemap-section"},
        name="sitemap",
    ),
    path("sitemap-<section>.xml", sitemap_views.sitemap, {"sitemaps": SITEMAPS}, name="sitemap-section"),
]
