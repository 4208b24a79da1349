"""`yuqiao.bank.<bank>.replies.v1` and `.products.v1`: what a bank writes."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from yuqiao.contracts.base import BankEvent
from yuqiao.contracts.problems import loads_strict
from yuqiao.contracts.streams import BankChannel
from yuqiao.contracts.values import Code, Day, Id, Moment, Money, ProductId, Rate

MOST_BYTES = 256 * 1024
"""Of a bank's body: twenty times the longest product, and read in well under a fifth of a second."""
FreeText = Annotated[str, StringConstraints(max_length=1000)]
"""A bank's own words. Kept encrypted where it is received and never emitted again."""


def body_of(bank: str, value: bytes) -> object:
    """What stands in a body that this bank wrote; it may leave out its own name. Raises NotJson."""
    body = loads_strict(value, MOST_BYTES)
    return {"bank": bank} | body if isinstance(body, dict) else body


class Reply(BankEvent):
    """A bank's word on one of its offers."""

    channel: ClassVar[BankChannel] = "replies"
    key_field: ClassVar[str] = "offer"
    at: Moment
    offer: Id
    note: FreeText | None = None


class OfferAccept(Reply):
    """受理: the bank takes the need up and asks who it is."""

    wire_type = "reply.accept"


class OfferDecline(Reply):
    """谢绝, at any stage before a disbursement; `reason` is a code of the decline taxonomy."""

    wire_type = "reply.decline"
    reason: Code


class ContactReport(Reply):
    """首次联系: the enterprise was reached."""

    wire_type = "reply.contact"
    method: Literal["phone", "visit", "branch", "online"] | Code


class VisitReport(Reply):
    """走访: somebody was there."""

    wire_type = "reply.visit"
    visited_on: Day


class DocumentsComplete(Reply):
    """材料收齐: the decision clock starts."""

    wire_type = "reply.documents"


class CreditDecision(Reply):
    """授信结论: granted with its terms, or refused with a reason."""

    wire_type = "reply.decision"
    approved: bool
    amount_cny: Money | None = None
    annual_rate: Rate | None = None
    term_months: int | None = Field(default=None, ge=1, le=600)
    guarantee_mode: Code | None = None
    guarantee_fee_rate: Rate | None = None
    reason: Code | None = None


class Disbursement(Reply):
    """放款: money moved."""

    wire_type = "reply.disbursement"
    amount_cny: Money
    annual_rate: Rate
    disbursed_on: Day
    first_loan: bool | None = None


class IssueReport(Reply):
    """问题: something stands in the way that the bank cannot remove alone."""

    wire_type = "reply.issue"
    category: Code


class TaskReport(Reply):
    """任务进展: a task of the enterprise's plan is done, or why not. Of a rate cut: the yearly rates before and after it."""

    wire_type = "reply.task"
    task: Id
    done: bool
    rate_before: Rate | None = None
    rate_after: Rate | None = None


class ProductRecord(BankEvent):
    """A bank's word on one of its products."""

    channel: ClassVar[BankChannel] = "products"
    key_field: ClassVar[str] = "product"
    at: Moment
    product: ProductId


class ProductPublished(ProductRecord):
    """A product, whole. Empty tuples mean no restriction; bounds are inclusive; amounts are in CNY.

    `daily_quota`: offers of it on one local day; `total_quota`: offers of it at all, None is no limit.
    """

    wire_type = "product.published"
    name: str = Field(min_length=1, max_length=100)
    labels: tuple[Code, ...] = ()
    kinds: tuple[Code, ...] = ()
    min_amount_cny: Money
    max_amount_cny: Money
    min_term_months: int = Field(ge=1, le=600)
    max_term_months: int = Field(ge=1, le=600)
    annual_rate: Rate
    guarantee_modes: tuple[Code, ...] = ()
    industries: tuple[str, ...] = ()
    size_classes: tuple[Code, ...] = ()
    regions: tuple[Code, ...] = ()
    tags: tuple[Code, ...] = ()
    first_loan_friendly: bool = False
    funding_source: Code | None = None
    currency: Code | None = None
    daily_quota: int = Field(ge=0, le=100000)
    total_quota: int | None = Field(default=None, ge=0, le=10_000_000)
    valid_from: Day
    valid_until: Day


class ProductWithdrawn(ProductRecord):
    """The product is offered to nobody any more."""

    wire_type = "product.withdrawn"
