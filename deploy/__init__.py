"""Data and recipes: how Yuqiao is put up on a machine, shown, measured and checked."""
