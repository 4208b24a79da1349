"""notification 通知: the door to the banks."""
