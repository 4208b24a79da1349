"""Intake as a declarative value."""

from services.intake import handlers, http
from services.intake.book import IntakeBook
from services.intake.commands import (
    BankEntered,
    ConfirmReport,
    DisputeReport,
    FileReport,
    GrantConsent,
    OpenVersion,
    RegisterClient,
    RegisterNeed,
    RemoveRow,
    RevokeConsent,
    WithdrawNeed,
)
from services.intake.notes import (
    BankNoted,
    ClientRegistered,
    DisputeAnswered,
    EntrySeen,
    LenderAwaited,
    ListFiled,
    ListOpened,
    NeedAnswered,
    OffersNoted,
    ProgressNoted,
    RowDropped,
    RowTaken,
)
from services.intake.store import make_store
from yuqiao.contracts.banks import BankChanged, BankDisabled, BankRegistered
from yuqiao.contracts.cases import (
    CaseAdvanced,
    CaseResolved,
    IssueResolved,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    ReofferRequested,
)
from yuqiao.contracts.matches import NeedMatched
from yuqiao.contracts.needs import (
    ConsentGranted,
    ConsentRevoked,
    EnterpriseConfirmed,
    EnterpriseDisputed,
    IdentitySealed,
    IdentityWithheld,
    LenderSealed,
    NeedRegistered,
    NeedRevised,
    NeedWithdrawn,
)
from yuqiao.contracts.offers import LenderUndeliverable
from yuqiao.runtime.service import Service

service: Service[IntakeBook] = Service(
    name="intake",
    purpose="takes needs from enterprises, lists and partners; alone knows who they are; discloses it by consent",
    book=IntakeBook,
    store=make_store,
    on={
        RegisterNeed: handlers.on_register_need,
        RemoveRow: handlers.on_remove_row,
        OpenVersion: handlers.on_open_version,
        FileReport: handlers.on_file_report,
        WithdrawNeed: handlers.on_withdraw_need,
        GrantConsent: handlers.on_grant_consent,
        RevokeConsent: handlers.on_revoke_consent,
        ConfirmReport: handlers.on_confirm_report,
        DisputeReport: handlers.on_dispute_report,
        RegisterClient: handlers.on_register_client,
        BankRegistered: handlers.on_bank,
        BankChanged: handlers.on_bank,
        BankDisabled: handlers.on_bank,
        BankEntered: handlers.on_bank_entered,
        NeedMatched: handlers.on_need_matched,
        LenderUndeliverable: handlers.on_lender_undeliverable,
        CaseAdvanced: handlers.on_case_advanced,
        OfferAccepted: handlers.on_offer_accepted,
        OfferDeclined: handlers.on_offer_declined,
        OfferExpired: handlers.on_offer_expired,
        ReofferRequested: handlers.on_reoffer_requested,
        CaseResolved: handlers.on_case_resolved,
        IssueResolved: handlers.on_issue_resolved,
    },
    emits=(
        NeedRegistered,
        NeedRevised,
        NeedWithdrawn,
        ConsentGranted,
        ConsentRevoked,
        IdentitySealed,
        IdentityWithheld,
        LenderSealed,
        EnterpriseConfirmed,
        EnterpriseDisputed,
    ),
    notes=(
        BankNoted,
        ListOpened,
        ListFiled,
        RowTaken,
        RowDropped,
        NeedAnswered,
        ClientRegistered,
        OffersNoted,
        ProgressNoted,
        DisputeAnswered,
        LenderAwaited,
        EntrySeen,
    ),
    routes=http.routes,
)
