# syntax=docker/dockerfile:1
# One image for every process of ours; docker-compose.yml says which command each runs.

FROM python:3.12-slim AS build
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
WORKDIR /app
COPY requirements/tools.txt requirements/base.txt requirements/
RUN --mount=type=cache,target=/root/.cache/pip pip install --root-user-action=ignore --require-hashes -r requirements/tools.txt
RUN --mount=type=cache,target=/root/.cache/uv uv venv /opt/venv \
 && uv pip sync --require-hashes --python /opt/venv/bin/python requirements/base.txt
COPY . .
# Settings refuse to start without their variables; these have the right form and no use.
RUN env $(grep -v '^#' .ci/production.env) VAR_DIR=/var/lib/tradehall \
    /opt/venv/bin/python manage.py collectstatic --noinput

FROM python:3.12-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VAR_DIR=/var/lib/tradehall
RUN groupadd --gid 10001 tradehall \
 && useradd --uid 10001 --gid tradehall --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tradehall \
 && install -d -o tradehall -g tradehall /var/lib/tradehall /var/lib/tradehall/media /var/lib/tradehall/mail
COPY --from=build /opt/venv /opt/venv
COPY --from=build /var/lib/tradehall/static /var/lib/tradehall/static
COPY --from=build /app /app
WORKDIR /app
USER tradehall
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "config.wsgi:application"]
