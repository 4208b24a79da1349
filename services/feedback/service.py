"""feedback as a value."""

from services.feedback import deadlines, handlers, http, replies
from services.feedback.book import FeedbackBook
from services.feedback.messages import FinishTask, IssueDue, LimitDue, RecountDue, ResolveIssue, TaskOverdue
from services.feedback.notes import LenderNoted, OfferNoted, TaskDone, TaskNotDone, WaitRecounted, WordsKept
from services.feedback.store import FeedbackStore
from yuqiao.contracts import cases, from_bank
from yuqiao.contracts.matches import NeedMatched, NeedUnmatched, NeedWaiting
from yuqiao.contracts.needs import (
    EnterpriseConfirmed,
    EnterpriseDisputed,
    IdentityWithheld,
    NeedRegistered,
    NeedWithdrawn,
)
from yuqiao.contracts.offers import IdentityDisclosed, LenderDisclosed, OfferClosed, OfferPushed, OfferUndeliverable
from yuqiao.runtime.messages import BadRecord, HeldTooLong
from yuqiao.runtime.service import Service

REPLIES = (
    from_bank.OfferAccept,
    from_bank.OfferDecline,
    from_bank.ContactReport,
    from_bank.VisitReport,
    from_bank.DocumentsComplete,
    from_bank.CreditDecision,
    from_bank.Disbursement,
    from_bank.IssueReport,
    from_bank.TaskReport,
)

service = Service(
    name="feedback",
    purpose="owns every case until it is resolved: judges replies, keeps time limits, offers on, escalates",
    book=FeedbackBook,
    store=FeedbackStore,
    on={
        NeedRegistered: handlers.on_need_registered,
        NeedWithdrawn: handlers.on_need_withdrawn,
        NeedMatched: handlers.on_need_matched,
        NeedWaiting: handlers.on_need_waiting,
        NeedUnmatched: handlers.on_need_unmatched,
        OfferPushed: handlers.on_offer_pushed,
        OfferUndeliverable: handlers.on_offer_undeliverable,
        OfferClosed: handlers.on_offer_closed,
        IdentityDisclosed: handlers.on_identity_disclosed,
        LenderDisclosed: handlers.on_lender_disclosed,
        IdentityWithheld: handlers.on_identity_withheld,
        EnterpriseConfirmed: handlers.on_enterprise_confirmed,
        EnterpriseDisputed: handlers.on_enterprise_disputed,
        **dict.fromkeys(REPLIES, replies.on_reply),
        BadRecord: replies.on_bad_record,
        HeldTooLong: replies.on_held_too_long,
        LimitDue: deadlines.on_limit_due,
        TaskOverdue: deadlines.on_task_overdue,
        IssueDue: deadlines.on_issue_due,
        RecountDue: deadlines.on_recount_due,
        ResolveIssue: handlers.on_resolve_issue,
        FinishTask: handlers.on_finish_task,
    },
    emits=(
        cases.CaseOpened,
        cases.CaseAdvanced,
        cases.OfferAccepted,
        cases.OfferDeclined,
        cases.OfferExpired,
        cases.ReplyApplied,
        cases.ReplyRefused,
        cases.ReofferRequested,
        cases.PlanAdopted,
        cases.TaskDue,
        cases.IssueRaised,
        cases.IssueResolved,
        cases.CaseEscalated,
        cases.CaseResolved,
    ),
    notes=(LenderNoted, OfferNoted, TaskDone, TaskNotDone, WaitRecounted, WordsKept),
    routes=http.routes,
)
