"""matching 匹配: decides which banks see a need, and says why."""
