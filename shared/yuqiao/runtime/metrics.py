"""The closed list of metrics. Labels come from closed sets, never an id of an enterprise, case or person."""

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.registry import Collector

__all__ = ["REGISTRY", "Collector", "CollectorRegistry", "generate_latest"]

batches = Counter("yuqiao_batches_total", "Batches committed")
batch_messages = Histogram(
    "yuqiao_batch_messages", "Messages in a batch", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
)
batch_seconds = Histogram(
    "yuqiao_batch_seconds",
    "Time of a batch's transaction",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)
messages = Counter("yuqiao_messages_total", "Messages by what became of them", ["outcome"])
published = Counter("yuqiao_published_total", "Events acknowledged by the broker")
retries = Counter("yuqiao_batch_retries_total", "Batches run again after a transient error", ["error"])
stale_positions = Counter("yuqiao_stale_positions_total", "Batches given up because another process owns the partition")
relay_leading = Gauge("yuqiao_relay_leading", "1 while this process publishes for its service")

# Read from Postgres when scraped, so that a restart does not lose them.
unsent_events = Gauge("yuqiao_unsent_events", "Committed events that no broker has acknowledged yet")
oldest_unsent_seconds = Gauge("yuqiao_oldest_unsent_seconds", "Age of the oldest unsent event")
parked_messages = Gauge("yuqiao_parked_messages", "Messages parked and not decided")
held_messages = Gauge("yuqiao_held_messages", "Messages held for a subject that is not known yet")
late_deadlines = Gauge("yuqiao_late_deadlines", "Deadlines that are due and not yet handled")
oldest_deadline_seconds = Gauge(
    "yuqiao_oldest_deadline_seconds", "How long the oldest due deadline is overdue (business time)"
)
log_events = Gauge("yuqiao_log_events", "Events in the event log", ["type"])
bank_unread_seconds = Gauge("yuqiao_bank_unread_seconds", "Age of the oldest record that a bank has not read", ["bank"])

# What one service alone counts. Others do not have them: a gauge that nobody sets says 0, and 0 days are an alert.
needs_waiting_for_room = Gauge(
    "yuqiao_needs_waiting_for_room", "Needs that wait because every eligible quota is used up", registry=None
)
calendar_horizon_days = Gauge("yuqiao_calendar_horizon_days", "Days until the working-day calendar ends", registry=None)


def show(gauge: Gauge, value: float) -> None:
    """Set a gauge that is this service's own."""
    if gauge not in _SHOWN:
        REGISTRY.register(gauge)
        _SHOWN.add(gauge)
    gauge.set(value)


_SHOWN: set[Gauge] = set()
