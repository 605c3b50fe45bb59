from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    verbose_name = "People"
    default = True

    def ready(self) -> None:
        # By name, as models can be imported only now.
        import_module("apps.accounts.registrations")


class AdminConfig(admin_apps.AdminConfig):
    """Django's admin, with our way in: see apps/accounts/admin_site.py."""

    default_site = "apps.accounts.admin_site.AdminSite"
    default = False


class GitHubSignInConfig(AppConfig):
    """allauth's provider; its own label is that of our app."""

    name = "allauth.socialaccount.providers.github"
    label = "sign_in_github"
    default = False
