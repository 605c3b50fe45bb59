from importlib import import_module

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "apps.notifications"

    def ready(self) -> None:
        # By name, as models can be imported only now.
        import_module("apps.notifications.registrations")
