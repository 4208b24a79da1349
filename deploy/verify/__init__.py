"""`yuqiao verify`: reads Postgres and every topic, and checks what must always hold."""
