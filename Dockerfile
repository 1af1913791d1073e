# One image for every process of the site: web, workers, scheduler.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
COPY requirements.in requirements.txt ./
COPY deploy/setup.sh deploy/
RUN deploy/setup.sh

FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/app/.venv/bin:$PATH AIMIXER_VAR=/var/lib/aimixer
RUN useradd --system --create-home --home-dir /var/lib/aimixer --shell /usr/sbin/nologin aimixer
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY . .
RUN AIMIXER_PRODUCTION=yes AIMIXER_SECRET_KEY=only-to-collect-static-files \
    python manage.py collectstatic --noinput --verbosity 0
USER aimixer
VOLUME /var/lib/aimixer
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python", "-m", "aimixer_site.ops.server", "--host", "0.0.0.0", "--port", "8000"]
