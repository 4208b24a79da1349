"""The other one-shot job: enters the banks into the register, once notification is ready."""

from pathlib import Path

import httpx

from deploy.docker.provision import BANKS, HOME
from deploy.stack.brokerage import load
from deploy.stack.provision import bank_register


def main() -> None:
    """PUT each bank; doing it again changes nothing."""
    key = Path(HOME / "secrets" / "operator.key").read_text(encoding="utf-8")
    with httpx.Client(
        base_url="http://notification:8103", headers={"Authorization": f"Bearer {key}"}, timeout=30
    ) as client:
        for bank, body in bank_register(list(load("banks.yaml"))[:BANKS], HOME).items():
            client.put(f"/banks/{bank}", content=body).raise_for_status()


if __name__ == "__main__":
    main()
