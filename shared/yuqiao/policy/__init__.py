"""What the rules say: pure code over data files. No clock, no randomness, no driver.

calendar         working days, and how far they are known
time_limits      who is waited for, and how long (deploy/time-limits.yaml)
measures         the 17 measures of 渝北金〔2022〕16号 and which of them apply to a need
decline_reasons  why a bank says no, and what follows
size_class       large, medium, small, micro (工信部联企业〔2011〕300号)
industries       GB/T 4754-2017
states           the Chinese term beside each code
"""
