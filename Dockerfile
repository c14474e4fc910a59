# Two images: `docker build --target database .` is PostgreSQL with the extension, `--target worker` is booking-worker. compose.yaml
# puts them together. Both are made of the Debian packages that `make package` builds.

ARG PG=15

FROM rust:1.95-bookworm AS build
ARG PG
WORKDIR /build
# The official image of PostgreSQL has the packages of apt.postgresql.org, so these are built against them too.
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y
# What seldom changes first: cargo-pgrx takes minutes to build.
COPY pgrx.toml pg_booking.control ./
COPY scripts scripts
RUN scripts/prerequisites.sh
COPY . .
ARG SOURCE_DATE_EPOCH
RUN scripts/deb.sh

FROM postgres:${PG}-bookworm AS database
ARG PG
RUN --mount=type=bind,from=build,source=/build/target/package,target=/packages \
    dpkg --install /packages/postgresql-${PG}-pg-booking_*.deb
COPY packaging/docker/initdb.sql /docker-entrypoint-initdb.d/10-booking.sql

FROM debian:bookworm-slim AS worker
RUN --mount=type=bind,from=build,source=/build/target/package,target=/packages \
    apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends /packages/booking-worker_*.deb \
    && rm -rf /var/lib/apt/lists/*
USER booking-worker
EXPOSE 8477
ENTRYPOINT ["booking-worker"]
CMD ["run"]
