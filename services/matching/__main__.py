"""`python -m services.matching`."""

from services.matching.service import service
from yuqiao.runtime.main import main

main(service)
