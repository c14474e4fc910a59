-- Begins each pgbench script that is refused: one of the slots of a calendar that are taken, the last three of each four.
\set n :n + 1
\set taken permute(:n * :clients + :client_id, :slots, :seed)
\set number :taken / 3 * 4 + :taken % 3 + 1
\set at :first + :number / 14 * 86400 + :number % 14 * 1800
\set caller :taken % 1000
