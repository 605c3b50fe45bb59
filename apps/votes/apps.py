from importlib import import_module

from django.apps import AppConfig


class VotesConfig(AppConfig):
    name = "apps.votes"

    def ready(self) -> None:
        # By name, as models can be imported only now.
        import_module("apps.votes.registrations")
