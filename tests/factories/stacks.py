import factory
from django.utils import timezone

from apps.stacks.models import (
    Adoption,
    Change,
    Company,
    Evidence,
    Item,
    Membership,
    ProofCheck,
    ProvedBy,
    Reading,
    SimilarStack,
    Stack,
    UsedWith,
)
from tests.factories.accounts import UserFactory
from tests.factories.tools import ToolFactory


class CompanyFactory(factory.django.DjangoModelFactory[Company]):
    """A company whose domain is proved; not with `is_proved=False`. Without members."""

    class Meta:
        model = Company

    class Params:
        is_proved = True

    name = factory.Sequence(lambda n: f"Company {n}")
    slug = factory.LazyAttribute(lambda company: company.name.lower().replace(" ", "-"))
    domain = factory.LazyAttribute(lambda company: f"{company.slug}.example")
    website = factory.LazyAttribute(lambda company: f"https://{company.domain}/")
    proved_at = factory.LazyAttribute(lambda company: timezone.now() if company.is_proved else None)
    proved_by = factory.LazyAttribute(lambda company: ProvedBy.DNS if company.is_proved else "")


class MembershipFactory(factory.django.DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    company = factory.SubFactory(CompanyFactory)
    person = factory.SubFactory(UserFactory)
    proved_by = ProvedBy.MAIL


class StackFactory(factory.django.DjangoModelFactory[Stack]):
    """A public stack of a person, or of a company with `company=`. By itself: counts of tools stay as they are.

    Services bring them right from then on: `is_counted` is False until one of them touches the stack.
    """

    class Meta:
        model = Stack

    person = factory.Maybe("company", yes_declaration=None, no_declaration=factory.SubFactory(UserFactory))
    company = None
    name = factory.Sequence(lambda n: f"Stack {n}")
    slug = factory.LazyAttribute(lambda stack: stack.name.lower().replace(" ", "-"))


class ItemFactory(factory.django.DjangoModelFactory[Item]):
    """A current item by itself: counts of the tool and the stack stay as they are."""

    class Meta:
        model = Item

    stack = factory.SubFactory(StackFactory)
    tool = factory.SubFactory(ToolFactory)


class EvidenceFactory(factory.django.DjangoModelFactory[Evidence]):
    """Evidence by itself: the tier of the item stays as it is."""

    class Meta:
        model = Evidence

    item = factory.SubFactory(ItemFactory)
    source = Evidence.Source.UPLOAD
    path = factory.Sequence(lambda n: f"part-{n}/package.json")
    line = 3
    found_at = factory.LazyFunction(timezone.now)


class ChangeFactory(factory.django.DjangoModelFactory[Change]):
    class Meta:
        model = Change

    item = factory.SubFactory(ItemFactory)
    stack = factory.SelfAttribute("item.stack")
    tool = factory.SelfAttribute("item.tool")
    kind = Change.Kind.ADDED
    on = "2026-01"


class ReadingFactory(factory.django.DjangoModelFactory[Reading]):
    """A reading of files that is ready, without findings."""

    class Meta:
        model = Reading

    person = factory.SubFactory(UserFactory)
    source = Reading.Source.UPLOAD
    state = Reading.State.READY


class ProofCheckFactory(factory.django.DjangoModelFactory[ProofCheck]):
    class Meta:
        model = ProofCheck

    company = factory.SubFactory(CompanyFactory, is_proved=False)
    person = factory.SubFactory(UserFactory)
    way = ProvedBy.DNS


class SimilarStackFactory(factory.django.DjangoModelFactory[SimilarStack]):
    class Meta:
        model = SimilarStack

    stack = factory.SubFactory(StackFactory)
    other = factory.SubFactory(StackFactory)
    rank = factory.Sequence(lambda n: n + 1)
    likeness = 0.5
    shared = 4


class UsedWithFactory(factory.django.DjangoModelFactory[UsedWith]):
    class Meta:
        model = UsedWith

    tool = factory.SubFactory(ToolFactory)
    other = factory.SubFactory(ToolFactory)
    rank = factory.Sequence(lambda n: n + 1)
    stacks = 5
    lift = 2.0


class AdoptionFactory(factory.django.DjangoModelFactory[Adoption]):
    class Meta:
        model = Adoption

    tool = factory.SubFactory(ToolFactory)
    month = "2026-01-01"
    claimed = 1
    verified = 0
    proved = 0
