\echo
\echo '3. A date of the year 2024'
\echo '=========================='
\echo 'Voice models invent years. Month, day and time are kept, the year is put right, the answer says so and reads the full date:'
\echo
\set ECHO queries
SELECT booking.book_clinic_appointment('{
    "toolCallId": "call_3",
    "tool": {"arguments": {
        "appointmentDate": "{{date_in_2024}}",
        "appointmentTime": "10 am",
        "patientName":     "Carol Smith",
        "patientPhone":    "+1 415 555 0167",
        "serviceType":     "check-up"}},
    "customer": {"metadata": {"org_id": "{{org_id}}"}}}'::json) \gset
\set ECHO none
\echo
\echo '-- The answer:'
SELECT jsonb_pretty(:'book_clinic_appointment'::jsonb);
SELECT (:'book_clinic_appointment'::jsonb #>> '{result,success}')::boolean
    AND (:'book_clinic_appointment'::jsonb #>> '{result,dateCorrected}')::boolean AS ok \gset
\if :ok
\else
    DO $$ BEGIN RAISE EXCEPTION 'the date should have been corrected and booked'; END $$;
\endif
