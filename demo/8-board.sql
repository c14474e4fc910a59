\echo
\echo '8. The board: a front desk sees it happen'
\echo '========================================='
\echo 'A clinic where it is morning now, with three chairs, and some who have booked already:'
\echo
\pset tuples_only on
\pset format unaligned
\x off
SELECT z.name AS zone
FROM unnest(ARRAY['Pacific/Honolulu', 'America/Los_Angeles', 'America/New_York', 'America/Sao_Paulo', 'Europe/Berlin', 'Asia/Kolkata',
    'Asia/Tokyo', 'Pacific/Auckland']) AS z (name)
ORDER BY abs(extract(hour FROM now() AT TIME ZONE z.name) - 9)
LIMIT 1 \gset
SELECT booking.create_organization('Harbour Dental', :'zone', p_org_id => '{{org_id}}') \g /dev/null
SELECT to_char(now() AT TIME ZONE :'zone', 'FMHH12:MI AM') AS clock, (now() AT TIME ZONE :'zone')::date AS today \gset
\echo It is :clock there (:zone).
SELECT booking.update_resource('{{org_id}}', r.id, 'Chair 1') FROM booking.resources AS r WHERE r.org_id = '{{org_id}}' \g /dev/null
SELECT booking.create_resource('{{org_id}}', 'Chair 2'), booking.create_resource('{{org_id}}', 'Chair 3') \g /dev/null
SELECT booking.create_service('{{org_id}}', 'Checkup', 30), booking.create_service('{{org_id}}', 'Root canal', 90) \g /dev/null
SELECT booking.set_opening_hours('{{org_id}}', jsonb_object_agg(day, '[["06:00","12:30"],["13:30","20:00"]]'::jsonb))
FROM unnest('{mon,tue,wed,thu,fri,sat,sun}'::text[]) AS day \g /dev/null
SELECT booking.set_messaging('{{org_id}}', true), booking.set_calendar('{{org_id}}', true) \g /dev/null
SELECT count(*) || ' are booked.'
FROM (VALUES ('Ann Lee', 'Checkup', '13:30', 1), ('Bob Jones', 'Root canal', '14:00', 2), ('Carol Field', 'Checkup', '15:00', 3),
    ('Dan Hill', 'Checkup', '16:30', 4), ('Eve Stone', 'Root canal', '17:00', 5)) AS caller (name, service, time, number),
LATERAL booking.book_appointment_atomic('{{org_id}}', caller.name, NULL, '+1415555' || to_char(caller.number + 100, 'FM0000'), caller.service,
    (:'today'::date + caller.time::time) AT TIME ZONE :'zone') AS answer
WHERE (answer ->> 'success')::boolean;
