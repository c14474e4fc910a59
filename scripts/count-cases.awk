# Adds up the test cases in the summary lines of cargo test, pytest, pg_regress and node --test. Prints "PASSED FAILED".

# cargo: test result: ok. 12 passed; 0 failed; 0 ignored; ...
/^test result: / {
    for (i = 2; i <= NF; i++) {
        if ($i == "passed;") passed += $(i - 1)
        if ($i == "failed;") failed += $(i - 1)
    }
}

# pytest: ===== 1 failed, 22 passed, 1 error in 3.21s =====
/^=* ?[0-9]+ [a-z]+.* in [0-9.]+s/ {
    for (i = 2; i <= NF; i++) {
        if ($i ~ /^passed,?$/) passed += $(i - 1)
        if ($i ~ /^(failed|errors?),?$/) failed += $(i - 1)
    }
}

# pg_regress, before and since PostgreSQL 16: [#] All 3 tests passed. / [#] 1 of 3 tests failed.
/^ *(# )?All [0-9]+ tests passed/ {
    sub(/^ *(# )?All /, "")
    passed += $1
}
/^ *(# )?[0-9]+ of [0-9]+ tests failed/ {
    sub(/^ *(# )?/, "")
    failed += $1
    passed += $3 - $1
}

# node --test: ℹ pass 22
/^ℹ pass [0-9]+$/ { passed += $3 }
/^ℹ (fail|cancelled) [0-9]+$/ { failed += $3 }

END { print passed + 0, failed + 0 }
