"""Which topics a broker is known to take nothing for, before anything is sent."""

import pytest
from aiokafka.cluster import ClusterMetadata
from aiokafka.protocol.metadata import MetadataResponse_v1

from yuqiao.contracts.streams import CASES, bank_topic
from yuqiao.runtime.kafka import no_taker

BANKS = bank_topic("bank01", "needs")


def cluster(*leaders: int) -> ClusterMetadata:
    """Both topics, with these partitions' leaders; -1: none."""
    made = ClusterMetadata()
    partitions = [(0, number, leader, [1], [1]) for number, leader in enumerate(leaders)]
    named = [(0, topic, False, partitions) for topic in (BANKS, CASES.name)]
    made.update_metadata(MetadataResponse_v1([(1, "localhost", 9092, None)], 1, named))
    return made


@pytest.mark.parametrize(
    ("leaders", "topic", "why"),
    [
        ((1,), BANKS, None),
        ((-1,), BANKS, "LeaderNotAvailableError"),
        ((1, -1), BANKS, "LeaderNotAvailableError"),
        ((-1,), CASES.name, None),
        ((1,), bank_topic("bank02", "needs"), "UnknownTopicOrPartitionError"),
        ((1,), "yuqiao.nowhere.v1", "UnknownTopicOrPartitionError"),
    ],
)
def test_a_banks_topic_without_a_leader_takes_nothing_and_for_ours_one_waits(
    leaders: tuple[int, ...], topic: str, why: str | None
) -> None:
    found = no_taker(cluster(*leaders), topic)
    assert (type(found).__name__ if found else None) == why
