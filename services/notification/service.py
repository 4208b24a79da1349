"""notification as a value."""

from services.notification import handlers, http
from services.notification.book import NeedVoided, NotificationBook, OfferMade
from services.notification.commands import DisableBank, RegisterBank
from services.notification.store import NotificationStore
from yuqiao.contracts import to_bank
from yuqiao.contracts.banks import BankChanged, BankDisabled, BankRegistered
from yuqiao.contracts.cases import (
    CaseResolved,
    IssueResolved,
    OfferDeclined,
    OfferExpired,
    PlanAdopted,
    ReplyApplied,
    ReplyRefused,
)
from yuqiao.contracts.matches import NeedMatched, ProductListed, ProductRefused
from yuqiao.contracts.needs import ConsentRevoked, IdentitySealed, IdentityWithheld, LenderSealed, NeedWithdrawn
from yuqiao.contracts.offers import (
    IdentityDisclosed,
    LenderDisclosed,
    LenderUndeliverable,
    OfferClosed,
    OfferPushed,
    OfferUndeliverable,
)
from yuqiao.contracts.streams import MATCHES
from yuqiao.runtime.service import Service

service = Service(
    name="notification",
    purpose="is the door to the banks: says to each what concerns it, once, and answers everything they say",
    book=NotificationBook,
    store=NotificationStore,
    on={
        NeedMatched: handlers.on_need_matched,
        IdentitySealed: handlers.on_identity_sealed,
        IdentityWithheld: handlers.on_identity_withheld,
        LenderSealed: handlers.on_lender_sealed,
        NeedWithdrawn: handlers.on_need_withdrawn,
        ConsentRevoked: handlers.on_consent_revoked,
        PlanAdopted: handlers.on_plan_adopted,
        OfferDeclined: handlers.on_offer_ended,
        OfferExpired: handlers.on_offer_ended,
        CaseResolved: handlers.on_case_resolved,
        IssueResolved: handlers.on_issue_resolved,
        ReplyApplied: handlers.on_reply_applied,
        ReplyRefused: handlers.on_reply_refused,
        ProductListed: handlers.on_product_answered,
        ProductRefused: handlers.on_product_answered,
        RegisterBank: handlers.on_register_bank,
        DisableBank: handlers.on_disable_bank,
    },
    emits=(
        BankRegistered,
        BankChanged,
        BankDisabled,
        OfferPushed,
        IdentityDisclosed,
        LenderDisclosed,
        OfferClosed,
        OfferUndeliverable,
        LenderUndeliverable,
        to_bank.NeedOffered,
        to_bank.NeedWithheld,
        to_bank.NeedDisclosed,
        to_bank.BorrowerDisclosed,
        to_bank.TaskAsked,
        to_bank.IssueAnswered,
        to_bank.NeedClosed,
        to_bank.Receipt,
    ),
    notes=(NeedVoided, OfferMade),
    routes=http.routes,
    hurried=(MATCHES,),
)
