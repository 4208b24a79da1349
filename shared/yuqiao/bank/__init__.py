"""What a bank installs: a client for its own topics, a simulator on top of it, and a check of its own replies."""
