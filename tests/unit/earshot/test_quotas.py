"""What may be done in an hour."""

import pytest

from earshot.errors import QuotaExceeded
from earshot.stores.quotas import Quotas
from tests.aws import account


def test_each_name_has_so_many_an_hour_and_is_told_when_the_next_begins() -> None:
    with account() as aws:
        table, now = aws.table("crawls", "crawl_id", "entry"), [7200.0]
        quotas = Quotas(aws.dynamodb, table, now=lambda: now[0])
        for _ in range(3):
            quotas.take("one", 3)
        now[0] += 600
        with pytest.raises(QuotaExceeded) as refusal:
            quotas.take("one", 3)
        assert refusal.value.retry_after_s == 3000
        quotas.take("two", 3)
        now[0] += 3000
        quotas.take("one", 3)


def test_many_are_taken_together_or_none_of_them() -> None:
    with account() as aws:
        quotas = Quotas(aws.dynamodb, aws.table("crawls", "crawl_id", "entry"), now=lambda: 7300.0)
        quotas.take("one", 10, 7)
        with pytest.raises(QuotaExceeded):
            quotas.take("one", 10, 4)
        quotas.take("one", 10, 3)
        with pytest.raises(QuotaExceeded):
            quotas.take("another", 10, 11)


def test_what_was_counted_expires() -> None:
    with account() as aws:
        Quotas(aws.dynamodb, aws.table("crawls", "crawl_id", "entry"), now=lambda: 7300.0).take("one", 3)
        (item,) = aws.dynamodb.scan(TableName="crawls")["Items"]
        assert int(item["expires_at"]["N"]) == 4 * 3600
