-- booking.normalize_name(p_name): name case, in every script; a word that already is in mixed case is kept.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT said, booking.normalize_name(said) AS name
FROM (VALUES ('mary-jane o''NEIL'), ('  JOHN   SMITH '), ('mcdonald'), ('ludwig van beethoven'), ('DeShawn McKay'),
    ('maria de la cruz'), ('josé GARCÍA'), ('иван петров'), ('李小龙'), ('محمد علي'), ('j. r. r. tolkien'), ('henry ford iii')) AS examples (said);
SELECT booking.normalize_name('');
SELECT booking.normalize_name('12345');
SELECT booking.normalize_name(E'Ann\u0007Lee');
SELECT booking.normalize_name(E'Ann \u202ELee');
SELECT booking.normalize_name(repeat('a', 1000000));
