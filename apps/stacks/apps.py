from importlib import import_module

from django.apps import AppConfig


class StacksConfig(AppConfig):
    name = "apps.stacks"

    def ready(self) -> None:
        # By name, as models can be imported only now.
        import_module("apps.stacks.registrations")
