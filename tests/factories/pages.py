import factory
from django.utils import timezone

from apps.pages.models import Event, EventSubject
from tests.factories.accounts import UserFactory
from tests.factories.advice import PostFactory


class EventFactory(factory.django.DjangoModelFactory[Event]):
    """That somebody asked or decided. Nobody finds it without subjects: `tools=` and `people=`."""

    class Meta:
        model = Event
        skip_postgeneration_save = True

    kind = Event.Kind.POST
    post = factory.SubFactory(PostFactory)
    actor = factory.LazyAttribute(lambda event: event.post.author if event.post else UserFactory())
    created_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def tools(self, create: bool, extracted: object, **kwargs: object) -> None:
        for tool in extracted or ():  # type: ignore[attr-defined]
            EventSubject.objects.create(event=self, tool=tool)  # type: ignore[misc]

    @factory.post_generation
    def people(self, create: bool, extracted: object, **kwargs: object) -> None:
        for person in extracted or ():  # type: ignore[attr-defined]
            EventSubject.objects.create(event=self, person=person)  # type: ignore[misc]
