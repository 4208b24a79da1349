"""`python -m services.notification`."""

from services.notification.service import service
from yuqiao.runtime.main import main

main(service)
