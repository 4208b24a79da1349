"""`make bench`: throughput and latency beside raw Kafka, as ratios in one run."""
