"""What docker-compose.yml runs besides the services."""
