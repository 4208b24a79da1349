"""The local stack: one Kafka broker, one Postgres, four services, on a machine that has Python and make."""
