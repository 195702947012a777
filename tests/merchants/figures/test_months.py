"""Long ranges are added up by months, and tell what the days would."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from merchants.figures.activity import sum_months
from merchants.figures.facets import LONG_DAYS, sum_by
from merchants.figures.spans import Span
from merchants.models import Account, ActivityDay, Facet
from tests.factories import make_account, make_user

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2025, 11, 20), date(2026, 6, 10)


class LongRangeTest(TestCase):
    """A year of two videos in two markets."""

    account: Account

    @classmethod
    def setUpTestData(cls) -> None:
        cls.account = make_account(make_user("alice"), "lip.studio")
        rows = []
        for back in range((LAST - FIRST).days + 1):
            for market, key in (("GB", "1"), ("TH", "1"), ("GB", "2")):
                sums = dict.fromkeys(ActivityDay.MEASURES, 1 + back % 7)
                day = FIRST + timedelta(days=back)
                rows.append(
                    ActivityDay(account=cls.account, facet="video", day=day, market=market, key=key, **sums)
                )
        ActivityDay.objects.bulk_create(rows)
        sum_months(cls.account, FIRST, LAST)

    @settings(max_examples=25)
    @given(st.dates(FIRST, date(2026, 1, 31)), st.integers(LONG_DAYS + 1, 128))
    def test_a_long_range_is_the_sum_of_its_days(self, first: date, days: int) -> None:
        span = Span(first, first + timedelta(days=days - 1))
        found = sum_by(self.account, "key", Facet.VIDEO, span)
        assert found == {key: self.count(span, key) for key in ("1", "2")}

    def count(self, span: Span, key: str) -> dict[str, int]:
        rows = ActivityDay.objects.filter(facet="video", key=key, day__range=(span.first, span.last))
        return dict.fromkeys(ActivityDay.MEASURES, sum(rows.values_list("views", flat=True)))
