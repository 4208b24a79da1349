# One image, one command per service: python -m services.<name>
FROM python:3.11-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY shared shared
COPY services services
COPY deploy deploy
ENV PYTHONPATH=/app:/app/shared PYTHONUNBUFFERED=1 PROMETHEUS_DISABLE_CREATED_SERIES=true
RUN useradd --uid 10001 yuqiao && mkdir /run/yuqiao && chown yuqiao /run/yuqiao
USER yuqiao
