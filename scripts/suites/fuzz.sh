#!/usr/bin/env bash
# hostile input to every reader of input: no panic, and what is accepted is well-formed
set -euo pipefail
. "$(dirname "$0")/../common.sh"

fuzz=$tree/fuzz
seconds=${FUZZ_SECONDS:-}

# For so many seconds each run looks for what no run has found yet, from what the ones before have learnt; without, as in `make
# test`, every run tries the same inputs, about a minute long, so that whether it passes depends on the code alone.
if [ -n "$seconds" ]; then
    corpus=$fuzz/corpus
    how=(-seed="${FUZZ_SEED:=$(date +%s)}" -max_total_time="$seconds")
    what="for $seconds seconds, with FUZZ_SEED=$FUZZ_SEED"
else
    corpus=$(mktemp -d)
    trap 'rm -rf "$corpus"' EXIT
    how=(-seed=1 -runs=1000000)
    what='with a million inputs, the same each time'
fi

# What cargo-fuzz does, with a stable toolchain and nothing to install: the compiler marks every branch, so that libFuzzer sees
# which input reached new code. Naming the target keeps the marks out of build scripts and macros.
host=$(rustc -vV | sed -n 's/^host: //p')
coverage=(
    -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares
    -Ccodegen-units=1
    --cfg=fuzzing
)
say "Building the fuzz target (about a minute the first time)."
RUSTFLAGS="${coverage[*]}" cargo build --quiet --release --locked --manifest-path "$fuzz/Cargo.toml" --target "$host" \
    --target-dir "$fuzz/target"

mkdir -p "$corpus" "$fuzz/artifacts"
say "Fuzzing $what."
if ! "$fuzz/target/$host/release/untrusted_input" "$corpus" "$fuzz/seeds" \
    -dict="$fuzz/booking.dict" -artifact_prefix="$fuzz/artifacts/" \
    "${how[@]}" -rss_limit_mb=2048 -timeout=10 -max_len=2048 -print_final_stats=1 \
    > "$fuzz/last-run.log" 2>&1; then
    grep -A 3 -E 'panicked at|ERROR: libFuzzer' "$fuzz/last-run.log" || tail -n 20 "$fuzz/last-run.log"
    crash=$(sed -n 's/.*Test unit written to //p' "$fuzz/last-run.log" | tail -n 1)
    if [ -f "$crash" ]; then
        say "The input (the first byte chooses the reader):"
        od -A d -t x1z "$crash" | head -n 40
        say "To run it again: $fuzz/target/$host/release/untrusted_input $crash"
    fi
    fail "the fuzz target failed; all it said is in fuzz/last-run.log."
fi
sed -nE '/INITED/p; /^Done/p; /stat::(number_of_executed_units|new_units_added|peak_rss_mb)/p' "$fuzz/last-run.log"
