"""Sample data, all of it invented and marked 测试: a need list of any size, and what the sample banks offer."""
