from django.apps import AppConfig


class GitHubConfig(AppConfig):
    name = "apps.github"
    verbose_name = "GitHub"
