-- Counts the ten answers, which come one a line on standard input.
CREATE TEMPORARY TABLE answers (answer jsonb);
-- Marks that JSON cannot hold, so that every line is taken as it is.
\copy answers FROM pstdin WITH (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')
\echo '-- What they were told:'
\echo
SELECT count(*) || ' of them: ' || (answer ->> 'message')
FROM answers
GROUP BY answer ->> 'message'
ORDER BY count(*);
\echo
\echo '-- What is in the calendar at that time:'
\echo
\pset format aligned
\pset tuples_only off
\set ECHO queries
SELECT count(*) AS appointments
FROM booking.appointments
WHERE org_id = '{{org_id}}' AND starts_at = '{{race_time}}' AND status = 'confirmed';
\set ECHO none
SELECT count(*) = 10
    AND count(*) FILTER (WHERE (answer ->> 'success')::boolean) = 1
    AND count(*) FILTER (WHERE answer ->> 'error' = 'slot_unavailable' AND jsonb_array_length(answer -> 'alternatives') = 3) = 9
    AND (SELECT count(*) FROM booking.appointments
         WHERE org_id = '{{org_id}}' AND starts_at = '{{race_time}}' AND status IN ('held', 'pending', 'confirmed')) = 1 AS ok
FROM answers \gset
\if :ok
    \echo 'Ten callers at once: one booked, nine refused with alternatives.'
\else
    DO $$ BEGIN RAISE EXCEPTION 'of ten callers exactly one should have been booked and nine refused with alternatives'; END $$;
\endif
