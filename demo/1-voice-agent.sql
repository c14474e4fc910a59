\echo '1. A request as a voice agent hears it'
\echo '======================================'
\echo 'Spelled-out digits, odd capitals, a day in words. One call takes the tool call as it is posted:'
\echo
\set ECHO queries
SELECT booking.book_clinic_appointment('{
    "toolCallId": "call_1",
    "tool": {"arguments": {
        "appointmentDate": "tomorrow",
        "appointmentTime": "2:30 p.m.",
        "patientName":     "mary-jane o''NEIL",
        "patientPhone":    "four one five five five five oh one two three",
        "patientEmail":    "mary dot jane at example dot com",
        "serviceType":     "cleaning"}},
    "customer": {"metadata": {"org_id": "{{org_id}}"}}}'::json) \gset
\set ECHO none
\echo
\echo '-- The answer:'
SELECT jsonb_pretty(:'book_clinic_appointment'::jsonb);
SELECT (:'book_clinic_appointment'::jsonb #>> '{result,success}')::boolean AS ok \gset
\if :ok
\else
    DO $$ BEGIN RAISE EXCEPTION 'the request should have been booked'; END $$;
\endif

\echo
\echo '-- What is stored, clean:'
\echo
\x on
\pset format aligned
\pset tuples_only off
\set ECHO queries
SELECT c.name, c.phone, c.email, a.service_type, a.starts_at AT TIME ZONE o.timezone AS local_start, a.status
FROM booking.appointments a
JOIN booking.contacts c ON (c.org_id, c.id) = (a.org_id, a.contact_id)
JOIN booking.organizations o ON o.org_id = a.org_id
WHERE a.org_id = '{{org_id}}';
\set ECHO none
