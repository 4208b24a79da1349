"""The demo: weeks of the field in minutes, on a stepped clock, with simulated banks as client processes."""
