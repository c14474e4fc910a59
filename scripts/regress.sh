#!/usr/bin/env bash
# Runs PostgreSQL's own test runners against the test cluster, each in a database of its own that has the extension. Called by the
# suites sql and isolation:
#
#   scripts/regress.sh PATH_OF_RUNNER SUITE PATTERN_OF_TESTS [OPTION_OF_RUNNER ...]
#
# What a test printed is in tests/results/SUITE/results; to accept it, copy it to tests/SUITE/expected.
set -euo pipefail
. "$(dirname "$0")/common.sh"

runner=$("$pg_config" --pgxs) runner=${runner%/makefiles/*}/test/$1
suite=$2 pattern=$3
shift 3
inputs=$tree/tests/$suite
outputs=$tree/tests/results/$suite

tests=()
for file in "$inputs"/$pattern; do
    [ -f "$file" ] || fail "there is no test $pattern in tests/$suite."
    file=${file##*/}
    tests+=("${file%.*}")
done

rm -rf "$outputs"
mkdir -p "$outputs"
status=0
"$runner" --inputdir="$inputs" --outputdir="$outputs" --bindir="$pg_bin" \
    --host="$("$tree/scripts/cluster.sh" socket test)" --port="$(pin ports socket)" --user=postgres \
    --dbname="booking_$suite" --load-extension=btree_gist --load-extension="$extension" "$@" "${tests[@]}" || status=1
if [ "$status" -ne 0 ] && [ -s "$outputs/regression.diffs" ]; then
    cat "$outputs/regression.diffs"
fi
exit "$status"
