"""How a service runs: the only place that touches Kafka, Postgres, clocks and HTTP plumbing."""
