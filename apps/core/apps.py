from importlib import import_module

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        # Listens to Celery. By name, as models can be imported only now.
        import_module("apps.core.failures")
