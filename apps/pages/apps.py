from importlib import import_module

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "apps.pages"

    def ready(self) -> None:
        # By name, as models can be imported only now.
        import_module("apps.pages.registrations")
