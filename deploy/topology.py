"""The architecture as a diagram, derived from the four Service values: what is drawn cannot differ from what runs."""

from importlib import import_module

from yuqiao.contracts.base import BankEvent, Event, StreamEvent
from yuqiao.contracts.streams import SERVICES


def diagram() -> str:
    """Mermaid: services, streams, and which events go where."""
    lines = ["flowchart LR", "  enterprise([企业 enterprise]) --> intake", "  operator([区金融办 operator]) --> intake"]
    for name in SERVICES:
        service = import_module(f"services.{name}.service").service
        lines.append(f'  {name}["{name}<br/>{service.purpose}"]')
        lines += [f"  {name} -- {event.wire_type} --> {_place(event)}" for event in service.emits]
        heard = [kind for kind in service.on if issubclass(kind, Event)]
        lines += [f"  {_place(event)} -. {event.wire_type} .-> {name}" for event in heard]
    return "\n".join(lines)


def _place(event: type[Event]) -> str:
    if issubclass(event, StreamEvent):
        return f"{event.stream.name.split('.')[1]}{{{{{event.stream.name}}}}}"
    if issubclass(event, BankEvent):
        return f"bank_{event.channel}{{{{yuqiao.bank.·.{event.channel}.v1}}}}"
    return "itself"
