# One image, two commands: `serve` (default) and `worker`.

FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv/suishoupai
RUN python -m venv /venv
COPY requirements/runtime.lock requirements/
RUN /venv/bin/pip install --require-hashes -r requirements/runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY alembic alembic
# In place, because the migration scripts lie beside the package.
RUN /venv/bin/pip install --no-build-isolation --no-deps -e . && /venv/bin/python -m compileall -q app

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home suishoupai
COPY --from=build /venv /venv
COPY --from=build /srv/suishoupai /srv/suishoupai
WORKDIR /srv/suishoupai
RUN install -d -o suishoupai var
USER suishoupai
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 SUISHOUPAI_HOST=0.0.0.0 SUISHOUPAI_LOG_JSON=true
VOLUME /srv/suishoupai/var
EXPOSE 8000
ENTRYPOINT ["suishoupai"]
CMD ["serve"]
