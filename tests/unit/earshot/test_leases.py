from earshot.stores.leases import Leases
from tests.aws import Account


def test_one_holds_a_lease_at_a_time_until_it_lets_go_or_is_given_up_for_dead(aws: Account) -> None:
    now = 1_000.0
    aws.crawls_table()
    leases, others = (Leases(aws.dynamodb, "crawls", seconds=90, now=lambda: now) for _ in range(2))
    with leases.hold("deezer:1") as held, others.hold("deezer:1") as held_twice, others.hold("deezer:2") as held_other:
        assert (held, held_twice, held_other) == (True, False, True)
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
            assert (held, held_twice) == (True, False)
