from functools import partial

from earshot.stores.leases import Leases
from tests.aws import Account


def test_one_holds_a_lease_at_a_time_until_it_lets_go_or_is_given_up_for_dead(aws: Account) -> None:
    now = 1_000.0
    aws.crawls_table()
    leases, others = (Leases(aws.dynamodb, "crawls", seconds=90, now=lambda: now) for _ in range(2))
    with leases.hold("deezer:1") as held, others.hold("deezer:1") as held_twice, others.hold("deezer:2") as held_other:
        assert (bool(held), held_twice, bool(held_other)) == (True, None, True)
    with leases.hold("deezer:1") as held:
        assert held
        now += 91  # as if the holder had died
        with others.hold("deezer:1") as taken_over:
            assert taken_over
    with leases.hold("deezer:1") as held:
        assert held


def test_who_lost_a_lease_does_not_take_it_from_the_next_holder(aws: Account) -> None:
    now = 1_000.0
    aws.crawls_table()
    leases = Leases(aws.dynamodb, "crawls", seconds=90, now=lambda: now)
    late = leases.hold("deezer:1")
    assert late.__enter__()
    now += 91
    with leases.hold("deezer:1") as held:
        late.__exit__(None, None, None)
        with leases.hold("deezer:1") as held_twice:
            assert held
            assert held_twice is None


def test_a_lease_tells_how_many_holders_in_a_row_did_not_live_to_give_it_back(aws: Account) -> None:
    now = 1_000.0
    aws.crawls_table()
    leases = Leases(aws.dynamodb, "crawls", seconds=90, now=lambda: now)
    dead = []
    for lost in range(3):
        dead.append(leases.hold("file:1"))
        lease = dead[-1].__enter__()
        assert lease
        assert lease.lost == lost
        now += 91
    with leases.hold("file:1") as lease:
        assert lease
        assert lease.lost == 3
    with leases.hold("file:1") as lease:
        assert lease
        assert lease.lost == 0, "the last one gave it back"


def test_a_lease_of_an_earlier_version_ends_when_it_said(aws: Account) -> None:
    aws.crawls_table()
    row = {
        "crawl_id": {"S": "lease#file:1"},
        "entry": {"S": "lease"},
        "holder": {"S": "x"},
        "expires_at": {"N": "1090"},
    }
    aws.dynamodb.put_item(TableName="crawls", Item=row)
    for now, held in ((1_050.0, False), (1_091.0, True)):
        with Leases(aws.dynamodb, "crawls", now=partial(float, now)).hold("file:1") as lease:
            assert bool(lease) is held
