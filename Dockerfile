# One image for all of Bursar's processes; the command says which one. Built: `docker compose build`.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /srv/bursar
COPY requirements.lock deploy/runtime_lock.py /tmp/lock/
# The lock holds the tests' tools and the embedded servers too. They are installed here, checked against their hashes, to
# learn what the program itself needs; only that goes into the image, checked again.
RUN python -m venv /tmp/all && /tmp/all/bin/pip install --require-hashes --only-binary=:all: -r /tmp/lock/requirements.lock
COPY . .
RUN /tmp/all/bin/python /tmp/lock/runtime_lock.py pyproject.toml /tmp/lock/requirements.lock > /tmp/lock/runtime.lock \
 && python -m venv /opt/venv \
 && /opt/venv/bin/pip install --require-hashes --only-binary=:all: -r /tmp/lock/runtime.lock \
 && /tmp/all/bin/python -m pip --python /opt/venv/bin/python install --no-deps --no-index --no-build-isolation --editable . \
 && /opt/venv/bin/python -m compileall -q /opt/venv /srv/bursar

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/bursar bursar
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/bursar /srv/bursar
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 BURSAR_HOME=/var/lib/bursar
USER 10001:10001
WORKDIR /srv/bursar
# Counters of all processes and PayPal's certificates; share it between the processes of one machine.
VOLUME /var/lib/bursar
ENTRYPOINT ["bursar"]
CMD ["--help"]
