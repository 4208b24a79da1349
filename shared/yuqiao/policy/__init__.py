"""What the rules say: pure code over data files. No clock, no randomness, no driver.

calendar             working days, and how far they are known
holiday_notice       an official holiday notice, read; calendar_table puts its days into the table
time_limits          who is waited for, and how long (deploy/time-limits.yaml)
measures             the 17 measures of 渝北金〔2022〕16号 and which of them apply to a need
explain              each measure before a need: applies, fails, unknown
without_application  what is owed although nobody applied (免申即享)
home_loans           clause 十四 in counts: no natural person enters the list
promises             which promise an outcome keeps
decline_reasons      why a bank says no, and what follows
reply_content        what is wrong with a bank's reply by itself: codes, reasons, what is missing, days to come
size_class           large, medium, small, micro (工信部联企业〔2011〕300号)
industries           GB/T 4754-2017
uscc                 统一社会信用代码
states               the Chinese term beside each code
"""
