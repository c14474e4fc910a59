\echo
\echo '2. The same slot, asked for by somebody else'
\echo '============================================'
\echo 'It is taken. The refusal names the nearest free times, and its message can be read aloud:'
\echo
\set ECHO queries
SELECT booking.book_clinic_appointment('{
    "toolCallId": "call_2",
    "tool": {"arguments": {
        "appointmentDate": "tomorrow",
        "appointmentTime": "14:30",
        "patientName":     "Bob Jones",
        "patientPhone":    "(415) 555-0145",
        "serviceType":     "cleaning"}},
    "customer": {"metadata": {"org_id": "{{org_id}}"}}}'::json) \gset
\set ECHO none
\echo
\echo '-- The answer:'
SELECT jsonb_pretty(:'book_clinic_appointment'::jsonb);
SELECT :'book_clinic_appointment'::jsonb #>> '{result,error}' = 'slot_unavailable'
    AND jsonb_array_length(:'book_clinic_appointment'::jsonb #> '{result,alternatives}') = 3 AS ok \gset
\if :ok
\else
    DO $$ BEGIN RAISE EXCEPTION 'the second request should have been refused with three alternatives'; END $$;
\endif
