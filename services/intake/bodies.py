"""Request bodies, read with limits of size and time."""

import asyncio
from collections.abc import MutableMapping
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from yuqiao.contracts.problems import NotJson, loads_strict, reasons_of
from yuqiao.runtime.messages import Refused

M = TypeVar("M", bound=BaseModel)

FORM_OVERHEAD = 1024 * 1024
_SECONDS = 60


async def read_body(request: Request, most: int) -> bytes:
    """The whole body. Raises Refused: 413 `body_too_large`, 408 `body_too_slow`."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise Refused("body_too_large", f"请求体超过 {most // 1024} KiB", 413)
                parts.append(part)
    except TimeoutError:
        raise Refused("body_too_slow", f"请求体没有在 {_SECONDS} 秒内传完", 408) from None
    return b"".join(parts)


async def read_json(request: Request, most: int) -> object:
    """The body as JSON. Raises Refused: 400 `not_json`, and as `read_body`."""
    try:
        return loads_strict(await read_body(request, most))
    except NotJson as error:
        raise Refused("not_json", "请求体不是有效的 JSON（UTF-8，无重复键）", 400, (error.reason,)) from None


def understood(model: type[M], value: object) -> M:
    """The value as a model. Raises Refused (422 `invalid_request`) with a reason for each field."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Refused("invalid_request", "请求内容有误", 422, reasons_of(error)) from None


async def read_file(request: Request, most: int) -> tuple[str, bytes]:
    """Name and content of the part `file` of a multipart form. Raises Refused: 400 `file_missing`, and as `read_body`."""
    body = await read_body(request, most + FORM_OVERHEAD)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        async with Request(request.scope, receive).form(max_files=1, max_fields=20) as form:
            file = form.get("file")
            if isinstance(file, UploadFile):
                return file.filename or "", await file.read()
    except HTTPException:
        pass
    raise Refused("file_missing", "请以 multipart/form-data 上传，文件放在名为 file 的字段", 400)
