-- booking.normalize_email(p_email): trimmed, lower case, checked; spoken addresses are understood.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT said, booking.normalize_email(said) AS email
FROM (VALUES (' John.Smith@Example.COM '), ('john dot smith at example dot com'), ('ann underscore lee at mail dot example dot org'),
    ('a+tag@example.com')) AS examples (said);
SELECT booking.normalize_email('');
SELECT booking.normalize_email('john');
SELECT booking.normalize_email('john@localhost');
SELECT booking.normalize_email('a@b@example.com');
SELECT booking.normalize_email('john..smith@example.com');
SELECT booking.normalize_email(repeat('a', 1000000) || '@example.com');
