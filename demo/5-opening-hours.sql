\echo
\echo '5. A service with rules, opening hours, a hold'
\echo '=============================================='
\echo 'A haircut takes 45 minutes and 15 to clean up, the salon is open in the mornings and afternoons of a working week:'
\echo
\pset tuples_only on
\pset format unaligned
\x off
SELECT booking.create_organization('Park Salon', 'America/New_York') AS salon \gset
SELECT date_trunc('week', current_date + 14)::date AS monday \gset
\set ECHO queries
SELECT booking.create_service(:'salon', 'Haircut', 45, p_buffer_after_minutes => 15) \gset
SELECT booking.set_opening_hours(:'salon', '{
    "mon": [["09:00","12:00"],["13:00","17:00"]], "tue": [["09:00","12:00"],["13:00","17:00"]],
    "wed": [["09:00","12:00"],["13:00","17:00"]], "thu": [["09:00","12:00"],["13:00","17:00"]],
    "fri": [["09:00","12:00"],["13:00","17:00"]]}') \gset
\set ECHO none
\echo '-- Monday at noon they are out for lunch:'
\set ECHO queries
SELECT jsonb_pretty(booking.book_appointment_atomic(:'salon', 'Eve Hill', NULL, '415 555 0188', 'haircut',
    (:'monday'::date + time '12:00') AT TIME ZONE 'America/New_York')::jsonb);
\set ECHO none
\echo
\echo '-- So eleven is held, while the caller thinks, and then confirmed:'
\set ECHO queries
SELECT booking.hold_slot(:'salon', 'haircut', (:'monday'::date + time '11:00') AT TIME ZONE 'America/New_York') ->> 'holdId' AS hold \gset
SELECT booking.confirm_hold(:'salon', :'hold', 'Eve Hill', NULL, '415 555 0188') ->> 'message';
\set ECHO none
SELECT booking.appointment_status(:'salon', :'hold') ->> 'status' = 'confirmed' AS ok \gset
\if :ok
\else
    DO $$ BEGIN RAISE EXCEPTION 'the hold should have been confirmed'; END $$;
\endif
