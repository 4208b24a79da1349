"""Intake: the only door of the enterprise, and the only keeper of who it is."""
