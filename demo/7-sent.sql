\echo
\echo 'What it wrote down:'
\echo
\set ECHO queries
SELECT status, to_phone, segments, body FROM booking.messages WHERE org_id = '{{org_id}}';
