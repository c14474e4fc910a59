-- What an organization writes, and what it costs: set_message_template and preview_message.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'America/New_York') AS org \gset
PREPARE preview(text, text) AS
SELECT answer->>'body' AS body, answer->>'encoding' AS encoding, answer->>'segments' AS segments, answer->>'hint' AS hint
FROM booking.preview_message(:'org', $1, $2) AS answer;
-- The usual words.
EXECUTE preview('confirmation', 'en');
EXECUTE preview('moved', 'en');
EXECUTE preview('cancelled', 'en');
EXECUTE preview('reminder', 'en');
-- One's own; a language that has none falls back to English.
SELECT booking.set_message_template(:'org', 'confirmation', '{name}: {service} {when} {{{date} {time}}} - {organization}');
EXECUTE preview('confirmation', 'en');
EXECUTE preview('confirmation', 'es');
SELECT booking.set_message_template(:'org', 'confirmation', '{name}, su cita: {date} a las {time}.', 'ES');
EXECUTE preview('confirmation', 'es');
EXECUTE preview('confirmation', 'en');
-- Set again, and taken back.
SELECT booking.set_message_template(:'org', 'confirmation', 'Until {when}', 'es');
SELECT kind, language, body FROM booking.message_templates WHERE org_id = :'org' ORDER BY kind, language;
SELECT booking.set_message_template(:'org', 'confirmation', NULL, 'es');
SELECT booking.set_message_template(:'org', 'confirmation', NULL);
EXECUTE preview('confirmation', 'es');
SELECT count(*) FROM booking.message_templates WHERE org_id = :'org';
-- What costs more than one message says why.
SELECT booking.set_message_template(:'org', 'reminder', repeat('Long. ', 40));
EXECUTE preview('reminder', 'en');
-- The mark that is sent with it counts.
SELECT booking.set_message_template(:'org', 'reminder', repeat('x', 149));
SELECT length(answer->>'body') AS length, answer->>'segments' AS segments FROM booking.preview_message(:'org', 'reminder') AS answer;
SELECT booking.set_message_template(:'org', 'reminder', repeat('x', 150));
SELECT length(answer->>'body') AS length, answer->>'segments' AS segments FROM booking.preview_message(:'org', 'reminder') AS answer;
SELECT booking.set_message_template(:'org', 'reminder', '{name}, it’s soon: {when}. Please come ten minutes early.');
EXECUTE preview('reminder', 'en');
-- What is no template.
SELECT booking.set_message_template(:'org', 'reminder', 'Dear {nmae}');
SELECT booking.set_message_template(:'org', 'reminder', 'Dear {name');
SELECT booking.set_message_template(:'org', 'reminder', ' ');
SELECT booking.set_message_template(:'org', 'reminder', repeat('a', 1001));
SELECT booking.set_message_template(:'org', 'reminder', 'a' || chr(7));
SELECT booking.set_message_template(:'org', 'birthday', 'Many happy returns');
SELECT booking.set_message_template(:'org', NULL, 'x');
SELECT booking.set_message_template(:'org', 'reminder', 'x', 'english');
SELECT booking.set_message_template(NULL, 'reminder', 'x');
SELECT booking.set_message_template('00000000-0000-7000-8000-000000000001', 'reminder', 'x');
SELECT booking.preview_message(:'org', 'birthday')->>'error' AS error;
SELECT booking.preview_message('00000000-0000-7000-8000-000000000001', 'reminder')->>'error' AS error;
SELECT booking.preview_message(NULL, NULL)->>'error' AS error;
