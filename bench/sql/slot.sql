-- Begins each pgbench script that books: a slot that nobody else is given, and who wants it. The numbers of all clients and
-- transactions are permuted, so every way to book meets the same slots in the same random order. Every second caller is known.
\set n :n + 1
\set number permute(:n * :clients + :client_id, :slots, :seed)
\set resource :number % 100
\set at :first + :number / 1400 * 86400 + :number / 100 % 14 * 1800
\set caller CASE WHEN :n % 2 = 0 THEN :number % 1000 ELSE 100000 + :number END
