# docker build -t trainyard .                             CPU
# docker build -t trainyard --build-arg VARIANT=gpu .     NVIDIA GPU; run with --gpus all
# docker run -p 127.0.0.1:8501:8501 -v trainyard:/data trainyard
# Without the 127.0.0.1, whoever reaches this machine may do everything: there is no login unless TRAINYARD_MODE=shared
# (docs/accounts.md). TRAINYARD_PUBLIC below allows to listen inside the container; who gets that far, docker run decides.
FROM python:3.11-slim-bookworm

# cpu or gpu: which list of requirements is installed.
ARG VARIANT=cpu

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    TRAINYARD_HOME=/data \
    TRAINYARD_PUBLIC=without-login

RUN useradd --system --uid 10001 --create-home --home-dir /home/trainyard trainyard \
    && install --directory --owner=trainyard --group=trainyard /data /backups

# pg_dump and pg_restore, for backups of a PostgreSQL database of this major version (15) or an older one.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements.txt requirements-gpu.txt requirements-shared.txt ./
RUN case "$VARIANT" in \
      cpu) list=requirements.txt ;; \
      gpu) list=requirements-gpu.txt ;; \
      *) echo "VARIANT is cpu or gpu, not '$VARIANT'." >&2; exit 1 ;; \
    esac \
    && pip install --requirement "$list" --requirement requirements-shared.txt
COPY . .

# By number, so that a cluster can tell that it is not root.
USER 10001
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501", "--server.headless=true"]
