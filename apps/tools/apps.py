from importlib import import_module

from django.apps import AppConfig


class ToolsConfig(AppConfig):
    name = "apps.tools"

    def ready(self) -> None:
        # By name, as models can be imported only now.
        import_module("apps.tools.registrations")
