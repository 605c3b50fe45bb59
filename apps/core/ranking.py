"""Formulas that order what people voted on, as expressions that the database computes and keeps."""

from datetime import UTC, datetime, timedelta

from django.db.models import (
    Case,
    DateTimeField,
    DurationField,
    Expression,
    ExpressionWrapper,
    F,
    FloatField,
    Value,
    When,
)
from django.db.models.functions import Abs, Cast, Extract, Greatest, Log, Sign, Sqrt

# Normal quantile of the bound: about 80% sure on both sides. A few votes count for something, but not all.
WILSON_Z = 1.28
# So much younger is worth ten times the votes. Reddit has 12.5 hours, for thousands of posts a day; advice is read for
# weeks, and a site of one's own has some a day.
HOT_WINDOW = timedelta(days=4)
# Any moment before the first post: it keeps the numbers small.
HOT_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def wilson_lower_bound(up: str, down: str) -> Expression:
    """The lower bound of the share of votes that are up, 0 to 1, from the names of two columns of counts.

    0 where nobody voted. E. B. Wilson, Probable Inference (1927):
    (p + z²/2n - z * sqrt((p(1-p) + z²/4n) / n)) / (1 + z²/n) with p = up/n, n = up + down.
    """
    ups: Expression = Cast(F(up), FloatField())
    total: Expression = Cast(F(up) + F(down), FloatField())
    z2 = WILSON_Z**2
    share = ups / total
    spread = Sqrt((share * (Value(1.0) - share) + Value(z2 / 4) / total) / total)
    bound = (share + Value(z2 / 2) / total - Value(WILSON_Z) * spread) / (Value(1.0) + Value(z2) / total)
    return Case(When(**{up: 0, down: 0}, then=Value(0.0)), default=bound, output_field=FloatField())


def hotness(up: str, down: str, created_at: str) -> Expression:
    """What orders "hot", from the names of columns: votes and youth; independent of now, so it changes with votes only.

    sign(score) * log10(max(1, |score|)) + age since `HOT_EPOCH` / `HOT_WINDOW`, with score = up - down: the formula
    that Reddit published in 2008 (reddit/r2/r2/lib/db/_sorts.pyx).
    """
    score: Expression = Cast(F(up) - F(down), FloatField())
    weight = Sign(score) * Log(Value(10.0), Greatest(Value(1.0), Abs(score)))
    # A difference, because the seconds of a moment alone depend on a time zone for PostgreSQL.
    age = ExpressionWrapper(F(created_at) - Value(HOT_EPOCH, DateTimeField()), DurationField())
    seconds: Expression = Cast(Extract(age, "epoch"), FloatField())
    return ExpressionWrapper(weight + seconds / Value(HOT_WINDOW.total_seconds()), FloatField())
