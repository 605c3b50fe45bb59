import factory

from apps.github.models import FigureSource, Repository, StarReading
from apps.tools.models import (
    Alternative,
    Category,
    Integration,
    Package,
    Point,
    PointAnswer,
    Tool,
    ToolAlias,
    ToolFollow,
    ToolRepository,
)
from tests.factories.accounts import UserFactory


class LayerFactory(factory.django.DjangoModelFactory[Category]):
    class Meta:
        model = Category
        django_get_or_create = ("parent", "slug")

    level = Category.Level.LAYER
    parent = None
    slug = "application-and-data"
    name = factory.LazyAttribute(lambda node: node.slug.replace("-", " ").title())


class CategoryFactory(LayerFactory):
    level = Category.Level.CATEGORY
    parent = factory.SubFactory(LayerFactory)
    slug = "languages-and-frameworks"


class FunctionFactory(LayerFactory):
    level = Category.Level.FUNCTION
    parent = factory.SubFactory(CategoryFactory)
    slug = "microframeworks"


def usual_function() -> Category:
    """That of `FunctionFactory`, in one query where it is there: hundreds of tests make dozens of tools."""
    levels = {"slug": "microframeworks", "parent__slug": "languages-and-frameworks"}
    there = Category.objects.filter(**levels, parent__parent__slug="application-and-data")
    found: Category | None = there.select_related("parent__parent").first()
    return found or FunctionFactory()


class RepositoryFactory(factory.django.DjangoModelFactory[Repository]):
    class Meta:
        model = Repository

    full_name = factory.Sequence(lambda n: f"owner/repository-{n}")


class StarReadingFactory(factory.django.DjangoModelFactory[StarReading]):
    class Meta:
        model = StarReading

    repository = factory.SubFactory(RepositoryFactory)
    forks = 0


class ToolFactory(factory.django.DjangoModelFactory[Tool]):
    """A listed tool. `stars=72014` gives it a primary repository with that many, `stars__forks=5` and so on."""

    class Meta:
        model = Tool
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Tool {n}")
    slug = factory.LazyAttribute(lambda tool: tool.name.lower().replace(".", "").replace(" ", "-"))
    function = factory.LazyFunction(usual_function)
    tagline = factory.LazyAttribute(lambda tool: f"What {tool.name} is, said in one plain phrase")
    description = factory.LazyAttribute(
        lambda tool: f"{tool.name} does one thing.\n\nIt leaves the rest to others."
    )
    origin = Tool.Origin.CATALOGUE

    @factory.post_generation
    def stars(self, create: bool, extracted: int | None, **kwargs: object) -> None:
        if extracted is not None:
            figures = {
                "forks": extracted // 5,
                "figures_on": "2026-08-01",
                "figures_source": FigureSource.DATASET,
            }
            repository = RepositoryFactory(stars=extracted, **figures | kwargs)
            ToolRepositoryFactory(tool=self, repository=repository, is_primary=True)


class ToolRepositoryFactory(factory.django.DjangoModelFactory[ToolRepository]):
    class Meta:
        model = ToolRepository

    tool = factory.SubFactory(ToolFactory)
    repository = factory.SubFactory(RepositoryFactory)


class ToolAliasFactory(factory.django.DjangoModelFactory[ToolAlias]):
    class Meta:
        model = ToolAlias

    tool = factory.SubFactory(ToolFactory)
    slug = factory.Sequence(lambda n: f"alias-{n}")


class PackageFactory(factory.django.DjangoModelFactory[Package]):
    class Meta:
        model = Package

    tool = factory.SubFactory(ToolFactory)
    type = "pypi"
    name = factory.Sequence(lambda n: f"package-{n}")


class PointFactory(factory.django.DjangoModelFactory[Point]):
    """A pro or con of the catalogue, or of a person with `author=`."""

    class Meta:
        model = Point

    tool = factory.SubFactory(ToolFactory)
    kind = Point.Kind.PRO
    text = factory.Sequence(lambda n: f"Statement number {n} can be checked")
    about = "3.1"
    author = None
    origin = factory.LazyAttribute(
        lambda point: Tool.Origin.PERSON if point.author else Tool.Origin.CATALOGUE
    )


class PointAnswerFactory(factory.django.DjangoModelFactory[PointAnswer]):
    """An answer by itself: the counters of its point stay as they are."""

    class Meta:
        model = PointAnswer

    point = factory.SubFactory(PointFactory)
    person = factory.SubFactory(UserFactory)
    is_true = True


class ToolFollowFactory(factory.django.DjangoModelFactory[ToolFollow]):
    """A follow by itself: the tool's counter stays as it is."""

    class Meta:
        model = ToolFollow

    person = factory.SubFactory(UserFactory)
    tool = factory.SubFactory(ToolFactory)


class IntegrationFactory(factory.django.DjangoModelFactory[Integration]):
    class Meta:
        model = Integration

    tool = factory.SubFactory(ToolFactory)
    other = factory.SubFactory(ToolFactory)
    kind = Integration.Kind.BUILT_WITH


class AlternativeFactory(factory.django.DjangoModelFactory[Alternative]):
    class Meta:
        model = Alternative

    tool = factory.SubFactory(ToolFactory)
    other = factory.SubFactory(ToolFactory)
    rank = factory.Sequence(lambda n: n + 1)
    likeness = 0.5
