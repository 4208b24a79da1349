"""The one-shot job of docker-compose.yml: topics, users, rights, schemas, migrations, each bank's way in."""

import asyncio
import os
from pathlib import Path

import asyncpg

from deploy.stack.brokerage import load
from deploy.stack.provision import Kafka, Provision
from yuqiao.contracts.streams import SERVICES
from yuqiao.runtime.database import migrate, migration_files
from yuqiao.runtime.process import service_folder

HOME = Path("/run/yuqiao")
BANKS = 8


async def migrate_all(provision: Provision) -> None:
    """Each service's migrations, as its own role."""
    for service in SERVICES:
        conn = await asyncpg.connect(provision.dsn(service))
        await migrate(conn, migration_files(service_folder(service)))
        await conn.close()


def main() -> None:
    """Everything that must exist before a service starts."""
    kafka = Kafka(os.environ["KAFKA_BOOTSTRAP"], "admin", os.environ["KAFKA_ADMIN_PASSWORD"])
    banks_at = os.environ["KAFKA_BOOTSTRAP_OF_BANKS"]
    provision = Provision(HOME, kafka, os.environ["POSTGRES_ADMIN_DSN"], banks_at=banks_at)
    provision.run(list(load("banks.yaml"))[:BANKS])
    asyncio.run(migrate_all(provision))


if __name__ == "__main__":
    main()
