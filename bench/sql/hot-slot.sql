-- Begins each pgbench script in which everybody wants the same slot, which is free at first.
\set at :first
\set caller random(0, 999)
