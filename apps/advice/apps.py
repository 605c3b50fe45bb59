from importlib import import_module

from django.apps import AppConfig


class AdviceConfig(AppConfig):
    name = "apps.advice"

    def ready(self) -> None:
        # By name, as models can be imported only now.
        import_module("apps.advice.registrations")
