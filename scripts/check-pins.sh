#!/usr/bin/env bash
# Holds the pins equal: pgrx.toml, Cargo.toml and the installed cargo-pgrx must name the same pgrx, or builds fail in ways that
# do not say why; and what pgrx.toml lists must be what is built and tested.
set -euo pipefail
. "$(dirname "$0")/common.sh"

pinned_in_cargo() {
    sed -nE "s/^$1 *= *(\"|.*version *= *\")=?([0-9.]+)\".*/\\2/p" "$tree/Cargo.toml"
}

for crate in pgrx pgrx-tests; do
    in_cargo=$(pinned_in_cargo "$crate")
    [ "$in_cargo" = "$pgrx_version" ] ||
        fail "pgrx.toml pins pgrx $pgrx_version, but Cargo.toml has $crate ${in_cargo:-in no readable version}: make them equal."
done

installed=$(cargo pgrx --version 2>/dev/null | awk '{ print $2 }')
[ "$installed" = "$pgrx_version" ] ||
    fail "pgrx.toml pins pgrx $pgrx_version, but cargo-pgrx is ${installed:-not installed}: run scripts/prerequisites.sh."

default_feature=$(sed -nE 's/^default *= *\["(pg[0-9]+)"\].*/\1/p' "$tree/Cargo.toml")
[ "$default_feature" = "pg$(pin postgres default)" ] ||
    fail "pgrx.toml's default PostgreSQL is $(pin postgres default), but Cargo.toml's default feature is ${default_feature:-missing}."

majors=$(pin postgres majors)
for major in $majors; do
    grep -q "^pg$major *=" "$tree/Cargo.toml" || fail "pgrx.toml lists PostgreSQL $major, but Cargo.toml has no feature pg$major."
done

for major in $(pins from-source); do
    [[ " $majors " == *" $major "* ]] || fail "pgrx.toml builds PostgreSQL $major from source, but does not list it in majors."
    [ -n "$(pin known-sources "$major")" ] || fail "pgrx.toml builds PostgreSQL $major from source, but knows no source of it."
done

workflow=.github/workflows/ci.yml
tested=$(sed -nE 's/^ *pg: *\[(.*)\]$/\1/p' "$tree/$workflow")
[ "${tested//,/}" = "$majors" ] || fail "pgrx.toml lists PostgreSQL $majors, but $workflow tests ${tested:-none}: make them equal."

say "pgrx $pgrx_version in pgrx.toml, Cargo.toml and cargo-pgrx; PostgreSQL $(pin postgres default) by default."
