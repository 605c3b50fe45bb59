"""Formulas that order what people voted on, as expressions that the database computes and keeps."""

from django.db.models import Case, Expression, F, FloatField, Value, When
from django.db.models.functions import Cast, Sqrt

# Normal quantile of the bound: about 80% sure on both sides. A few votes count for something, but not all.
WILSON_Z = 1.28


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
