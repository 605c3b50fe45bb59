"""How much a repository grows for one of its size. Pure functions."""

import math

# Stars that every repository is taken to have beside its own. Below about a thousand a single mention on a news
# page, which brings some hundred stars, would outweigh all else; far above it size would.
SMOOTHING = 1000

# The rate is one of so many days, whatever span it was measured over: readings lie a few days off.
PER_DAYS = 30


def trend(*, before: int, added: int, days: int) -> float:
    """How fast a repository with `before` stars grew that got `added` (negative: lost) in `days` days, at least 1.

    PER_DAYS / days * ln((before + added + SMOOTHING) / (before + SMOOTHING)): the rate of continuous growth in 30 days,
    0.05 being about five per cent. With additive smoothing (Laplace's rule of succession, with more than one): from 3
    to 30 stars is 0.03, from 5,000 to 6,000 is 0.15, from 200,000 to 202,000 is 0.01, each in 30 days. A logarithm,
    so that two months' growth is the mean of each month's and a loss weighs as much as the gain that makes up for it.
    """
    return PER_DAYS / days * math.log1p(added / (before + SMOOTHING))
