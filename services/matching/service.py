"""matching as a value."""

from services.matching import handlers, http
from services.matching.book import MatchingBook
from services.matching.messages import RoundDue, RunRound
from services.matching.notes import (
    AnswerNoted,
    BankNoted,
    NeedDropped,
    NeedNoted,
    ProductTaken,
    ReofferNoted,
    RestEnded,
    RoundAsked,
    RoundHeld,
)
from services.matching.store import MatchingStore
from yuqiao.contracts.banks import BankChanged, BankDisabled, BankRegistered
from yuqiao.contracts.cases import CaseResolved, OfferAccepted, OfferDeclined, OfferExpired, ReofferRequested
from yuqiao.contracts.from_bank import ProductPublished, ProductWithdrawn
from yuqiao.contracts.matches import NeedMatched, NeedUnmatched, NeedWaiting, ProductListed, ProductRefused
from yuqiao.contracts.needs import NeedRegistered, NeedRevised, NeedWithdrawn
from yuqiao.contracts.streams import NEEDS
from yuqiao.runtime.messages import BadRecord, HeldTooLong
from yuqiao.runtime.service import Service

service = Service(
    name="matching",
    purpose="decides which banks see a need, and says why",
    book=MatchingBook,
    store=MatchingStore,
    on={
        NeedRegistered: handlers.on_need_registered,
        NeedRevised: handlers.on_need_revised,
        NeedWithdrawn: handlers.on_need_ended,
        CaseResolved: handlers.on_need_ended,
        OfferAccepted: handlers.on_offer_answered,
        OfferDeclined: handlers.on_offer_answered,
        OfferExpired: handlers.on_offer_answered,
        ReofferRequested: handlers.on_reoffer_requested,
        BankRegistered: handlers.on_bank,
        BankChanged: handlers.on_bank,
        BankDisabled: handlers.on_bank,
        ProductPublished: handlers.on_product_published,
        ProductWithdrawn: handlers.on_product_withdrawn,
        BadRecord: handlers.on_bad_record,
        HeldTooLong: handlers.on_held_too_long,
        RoundDue: handlers.on_round_due,
        RunRound: handlers.on_run_round,
    },
    emits=(NeedMatched, NeedWaiting, NeedUnmatched, ProductListed, ProductRefused),
    notes=(
        NeedNoted,
        ReofferNoted,
        RestEnded,
        NeedDropped,
        AnswerNoted,
        BankNoted,
        ProductTaken,
        RoundAsked,
        RoundHeld,
    ),
    routes=http.routes,
    hurried=(NEEDS, "products"),
)
