"""`python -m services.intake [run|migrate|config]`."""

from services.intake.service import service
from yuqiao.runtime.main import main

main(service)
