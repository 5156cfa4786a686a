# The environment is made in one stage and copied into the other, so that the image holds no
# compiler, no pip and no package cache of it. Both stages need the same Python at the same path.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
RUN python -m venv --without-pip /opt/aggregator && python -m venv /opt/build
COPY requirements.lock requirements-build.lock ./
RUN /opt/build/bin/pip install --require-hashes -r requirements-build.lock \
 && /opt/build/bin/pip --python /opt/aggregator/bin/python install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY aggregator aggregator
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
 && /opt/build/bin/pip --python /opt/aggregator/bin/python install --no-deps dist/*.whl

FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 aggregator \
 && useradd --system --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin aggregator \
 && install -d -o 10001 -g 10001 /data
COPY --from=build /opt/aggregator /opt/aggregator
COPY config.yaml /config/config.yaml
ENV PATH=/opt/aggregator/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    AGGREGATOR_DATABASE=sqlite:////data/aggregator.db
# With a read-only root, /data is also where temporary files go.
WORKDIR /data
VOLUME /data
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('AGGREGATOR_SERVER__PORT', '8080') + '/healthz', timeout=4)"]
# What a registry shows of the image; `tools/release` tells version, revision and date.
ARG VERSION=0.1.0
ARG REVISION=
ARG CREATED=
LABEL org.opencontainers.image.title="aggregator" \
      org.opencontainers.image.description="One merged feed: each story once, linked to its original, with honest credit" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11-slim-bookworm"
ENTRYPOINT ["aggregator"]
CMD ["run", "--config", "/config/config.yaml"]
