"""The four services: four processes, one anatomy, none imports another."""
