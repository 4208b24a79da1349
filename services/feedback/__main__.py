"""`python -m services.feedback`."""

from services.feedback.service import service
from yuqiao.runtime.main import main

main(service)
