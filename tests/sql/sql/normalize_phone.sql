-- booking.normalize_phone(p_phone, p_region): E.164, or an error that says what to pass instead.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT said, booking.normalize_phone(said) AS us
FROM (VALUES ('(415) 555-0123'), ('415.555.0123'), ('1-415-555-0123'), ('+1 415 555 0123'), ('tel:+1-415-555-0123'),
    ('011 44 20 7946 0018'), ('+44 20 7946 0018'), ('415 555 0123 ext. 77'), ('４１５５５５０１２３'),
    ('four one five five five five oh one two three'), ('plus one 415 555 0123')) AS examples (said);
SELECT region, said, booking.normalize_phone(said, region) AS e164
FROM (VALUES ('GB', '020 7946 0018'), ('DE', '030 123456'), ('DE', '004930123456'), ('FR', '06 12 34 56 78'),
    ('AU', '0011 1 415 555 0123'), ('jp', '03-1234-5678')) AS examples (region, said);
-- A number that starts with + is read without the region: no trunk prefix of another country is taken off it.
SELECT booking.normalize_phone('+49 1512 3456789', 'US');
SELECT booking.normalize_phone(NULL) IS NULL AS strict;
SELECT booking.normalize_phone('555');
\echo :LAST_ERROR_SQLSTATE
SELECT booking.normalize_phone('');
SELECT booking.normalize_phone('415 555 0123', 'XX');
SELECT booking.normalize_phone(repeat('4', 200));
SELECT booking.normalize_phone(E'415\u0007555 0123');
