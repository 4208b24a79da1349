"""What a demo's numbers mean, for who sees them for the first time: texts only, English for stdout and Chinese for the page."""

PROGRESS = """\
one line a day; its numbers are totals since the start:
  imported    needs of the list, each with its case
  pushed      offers made to banks, a need may have several (01=, 02=: each bank's)
  answered    acceptances and declines of offers; who accepts and declines later counts twice, so it can exceed pushed
  overdue     offers that ended because a time limit passed, some of them accepted before
  offered on  times that more banks were asked for: a need's offers had all ended without a loan, or no bank came in time
  resolved    cases that are closed, with or without a loan"""

FUNNEL = """\
registered to approved are stages: a case counts in each up to the furthest that an offer of it reached; the amount is what was asked for.
The rows below are outcomes: a case has one, together they are all cases; the amount is what was asked for, but
of financed what was lent and of credited what was granted and not drawn."""

WITHOUT_BANK = "no_bank by first reason (report.html says what each code means)"

HISTORY = """\
history is one SHA-256 over all events that the services published, with their business times (without receipts,
entries of banks and products, ciphertext, scores, places of records).
The same code, NEEDS, BANKS and SEED give the same one, whatever was killed meanwhile."""

PAGE = {
    "funnel": "“已登记”至“已授信”各行为阶段：案件计入其推送到达的最远阶段及此前各阶段，金额为需求金额。其下各行为办结结果：每个案件只有一个结果，"
    "合计即全部案件；金额为需求金额，但“已放款”为实际放款额，“已授信未提款”为授信额。",
    "daily": "当日发生数（进度输出中为自开始以来的累计数）。“受理”“谢绝”“超时”按推送计，“办结”按案件计。",
    "stage_times": "按推送计，自到达前一阶段至到达后一阶段的自然时间，含夜间与休息日。",
    "banks": "推送为发给该行的笔数。同一笔可先受理、后谢绝或超时，各计一次，所以三者之和可大于推送数。放款金额为该行实际放款额。",
    "no_bank": "“无银行可对接”的案件，按首个原因码计数。字母代码是最后一家银行的谢绝或超时原因；其余是匹配给出的原因，说明取自其中一案。",
    "invariants": "数字为检查的项数，其后是所检查的内容。",
    "history": "history 是各服务发布的全部事件及其业务时间的 SHA-256（不含回执、银行与产品的登记、密文、评分和记录所在位置）："
    "代码、NEEDS、BANKS、SEED 相同，则结果相同，期间有进程被杀也一样。",
}
"""Under each part of report.html."""
