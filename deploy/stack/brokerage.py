"""Topics, users and rights on the broker, from deploy/topics.yaml and deploy/principals.yaml. Again changes nothing."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import yaml
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from yuqiao.contracts.streams import parse_bank_topic

DEPLOY = Path(__file__).resolve().parents[1]
DAY_MS = 86_400_000
PATIENCE = 30
ANY: Any = None
"""Any name, user or host: the library's types forget that None stands for it."""
ANY_RIGHT = AclBindingFilter(
    ResourceType.ANY,
    ANY,
    ResourcePatternType.ANY,
    ANY,
    ANY,
    AclOperation.ANY,
    AclPermissionType.ANY,
)


def load(name: str) -> dict[str, Any]:
    """A data file of deploy/."""
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))
    return loaded


def topics(banks: Sequence[str], demo: bool) -> dict[str, dict[str, Any]]:
    """Every topic with its data."""
    data = load("topics.yaml")
    wanted = dict(data["shared"]) | (data["demo"] if demo else {})
    for bank in banks:
        wanted |= {f"yuqiao.bank.{bank}.{channel}.v1": given for channel, given in data["bank"].items()}
    return wanted


def missing_topics(admin: AdminClient, banks: Sequence[str], demo: bool) -> dict[str, dict[str, Any]]:
    """Those topics that are not there, with their data. Raises KafkaException."""
    there = admin.list_topics(timeout=PATIENCE).topics
    return {name: data for name, data in topics(banks, demo).items() if name not in there}


def create_topics(admin: AdminClient, missing: Mapping[str, Mapping[str, Any]]) -> None:
    """Create them. Raises KafkaException."""
    if missing:
        new = [_topic(name, data) for name, data in missing.items()]
        _settle(admin.create_topics(new), {KafkaError.TOPIC_ALREADY_EXISTS})
        _until(lambda: missing.keys() <= admin.list_topics(timeout=PATIENCE).topics.keys())


def _topic(name: str, data: Mapping[str, Any]) -> NewTopic:
    config = {"message.timestamp.type": "LogAppendTime"}
    if data.get("compacted"):
        config["cleanup.policy"] = "compact"
    else:
        config["retention.ms"] = str(data["retention_days"] * DAY_MS)
    return NewTopic(name, num_partitions=data["partitions"], replication_factor=-1, config=config)


def create_users(admin: AdminClient, passwords: Mapping[str, str]) -> None:
    """Set each user's SCRAM-SHA-512 password, in one call."""
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
    changes: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(user, info, password.encode()) for user, password in passwords.items()
    ]
    _settle(admin.alter_user_scram_credentials(changes), set())


def rights(banks: Sequence[str], demo: bool) -> Iterator[tuple[str, str, str, str]]:
    """(user, resource type, name, operation) of everything that is allowed."""
    data = load("principals.yaml")
    for service, given in data["services"].items():
        yield from _rights(f"service-{service}", given, banks)
    yield from _rights("operator", data["operator"], banks)
    for bank in banks:
        yield from _rights(f"bank-{bank}", data["bank"], [bank])
        if demo:
            yield from _rights(f"bank-{bank}", data["demo"]["bank"], [bank])
    if demo:
        yield from _rights("conductor", data["demo"]["conductor"], banks)


def _rights(user: str, given: Mapping[str, Sequence[str]], banks: Sequence[str]) -> Iterator[tuple[str, str, str, str]]:
    for kind, names, operations in (
        ("topic", given["read"], ("read", "describe")),
        ("topic", given["write"], ("write", "describe")),
        ("group", given["groups"], ("read", "describe")),
        ("group", given.get("watches", []), ("describe",)),
    ):
        for name in names:
            for full in [name.replace("<bank>", b) for b in banks] if "<bank>" in name else [name]:
                for operation in operations:
                    yield user, kind, full, operation


def align_rights(admin: AdminClient, banks: Sequence[str], demo: bool) -> tuple[int, int]:
    """Allow what the data allow and withdraw what they no longer allow; returns how many of each.

    A bank that has topics keeps its rights, and the services theirs to its topics, also when it is not among `banks`.
    """
    known = {found[0] for name in admin.list_topics(timeout=PATIENCE).topics if (found := parse_bank_topic(name))}
    wanted = {_binding(*right) for right in rights(sorted(known.union(banks)), demo)}
    there = _given(admin, wanted)
    missing, stale = sorted(wanted - there, key=str), sorted(there - wanted, key=str)
    if missing:
        _settle(admin.create_acls(missing), set())
    if stale:
        _settle(admin.delete_acls([_exactly(binding) for binding in stale]), set())
    if missing or stale:
        _until(lambda: _given(admin, wanted) == wanted)
    return len(missing), len(stale)


def _given(admin: AdminClient, wanted: Collection[AclBinding]) -> set[AclBinding]:
    """What the users of the wanted rights may do now."""
    users = {binding.principal for binding in wanted}
    return {binding for binding in admin.describe_acls(ANY_RIGHT).result(PATIENCE) if binding.principal in users}


def _exactly(binding: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )


def _binding(user: str, kind: str, name: str, operation: str) -> AclBinding:
    prefixed = name.endswith("*")
    return AclBinding(
        ResourceType.TOPIC if kind == "topic" else ResourceType.GROUP,
        name.rstrip("*"),
        ResourcePatternType.PREFIXED if prefixed else ResourcePatternType.LITERAL,
        f"User:{user}",
        "*",
        {"read": AclOperation.READ, "write": AclOperation.WRITE, "describe": AclOperation.DESCRIBE}[operation],
        AclPermissionType.ALLOW,
    )


def _until(holds: Callable[[], bool]) -> None:
    """The controller has done it; the broker that is asked hears of it a moment later. Raises TimeoutError."""
    patience = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > patience:
            raise TimeoutError("the broker does not know what its controller has done")
        time.sleep(0.05)  # the condition is the broker's: polled, bounded


def _settle(futures: Mapping[Any, "Future[Any]"], allowed: set[int]) -> None:
    for future in futures.values():
        try:
            future.result(timeout=PATIENCE)
        except KafkaException as error:
            if error.args[0].code() not in allowed:
                raise
