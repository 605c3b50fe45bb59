import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.github.trending import PER_DAYS, SMOOTHING, trend

stars = st.integers(0, 10_000_000)
spans = st.integers(1, 400)


def test_trend_is_the_share_gained_when_a_month_is_measured() -> None:
    assert trend(before=99_000, added=1_000, days=PER_DAYS) == pytest.approx(0.01, rel=0.01)


def test_trend_of_a_handful_of_stars_is_below_that_of_a_steady_riser() -> None:
    handful = trend(before=3, added=27, days=30)
    giant = trend(before=200_000, added=2_000, days=30)
    riser = trend(before=5_000, added=1_000, days=30)

    assert riser > handful
    assert riser > giant


def test_trend_of_a_young_one_may_lead_when_many_care() -> None:
    assert trend(before=100, added=3_000, days=30) > trend(before=50_000, added=5_000, days=30)


@given(stars, spans)
def test_trend_is_nothing_when_nothing_was_added(before: int, days: int) -> None:
    assert trend(before=before, added=0, days=days) == 0


@given(stars, stars, st.integers(1, 100_000), spans)
def test_trend_rises_with_what_was_added(before: int, added: int, more: int, days: int) -> None:
    assert trend(before=before, added=added + more, days=days) > trend(before=before, added=added, days=days)


@given(stars, st.integers(1, 1_000_000), st.integers(1, 1_000_000), spans)
def test_trend_falls_with_size(before: int, larger: int, added: int, days: int) -> None:
    assert trend(before=before + larger, added=added, days=days) < trend(
        before=before, added=added, days=days
    )


@given(stars.filter(bool), spans, st.data())
def test_trend_is_negative_when_stars_were_lost(before: int, days: int, data: st.DataObject) -> None:
    lost = data.draw(st.integers(1, before))

    assert trend(before=before, added=-lost, days=days) < 0


@given(stars, stars, spans)
def test_trend_of_a_loss_weighs_as_much_as_the_gain_before_it(before: int, added: int, days: int) -> None:
    gain = trend(before=before, added=added, days=days)
    loss = trend(before=before + added, added=-added, days=days)

    assert gain + loss == pytest.approx(0, abs=1e-9)


@given(stars, st.integers(0, 100_000), st.integers(0, 100_000), spans)
def test_trend_of_two_spans_is_the_mean_of_both(before: int, first: int, second: int, days: int) -> None:
    each = [
        trend(before=before, added=first, days=days),
        trend(before=before + first, added=second, days=days),
    ]

    assert trend(before=before, added=first + second, days=2 * days) == pytest.approx(sum(each) / 2, abs=1e-9)


@given(st.integers(0, SMOOTHING), st.integers(0, SMOOTHING // 10))
def test_trend_of_a_small_one_stays_small_when_little_was_added(before: int, added: int) -> None:
    assert trend(before=before, added=added, days=PER_DAYS) <= 0.1
