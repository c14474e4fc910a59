-- booking.book_clinic_appointment(json): a voice agent's tool call in, its id and a result that can be read aloud out.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'UTC') AS org \gset
SELECT json_build_object('toolCallId', 'call_1',
    'tool', json_build_object('arguments', json_build_object('appointmentDate', to_char(now() + interval '60 days', 'YYYY-MM-DD'),
        'appointmentTime', '2:30 p.m.', 'patientName', 'mary-jane o''NEIL', 'patientPhone', 'four one five five five five oh one two three',
        'patientEmail', 'mary dot jane at example dot com', 'serviceType', 'cleaning')),
    'customer', json_build_object('metadata', json_build_object('org_id', :'org'))) AS call \gset
SELECT booking.book_clinic_appointment(:'call') AS answer \gset
SELECT :'answer'::json->>'toolCallId' AS tool_call_id, :'answer'::json#>>'{result,success}' AS success,
    regexp_replace(:'answer'::json#>>'{result,message}', 'on \w+, \w+ \d+(, \d+)?', 'on <day>') AS message;
SELECT to_char(starts_at, 'HH24:MI') AS starts, patient_name, service_type FROM booking.appointments WHERE org_id = :'org';
SELECT phone, name, email FROM booking.contacts WHERE org_id = :'org';
-- The same slot for somebody else: three alternatives, read as speech.
SELECT answer->>'toolCallId' AS tool_call_id, answer#>>'{result,error}' AS error, answer#>>'{result,message}' AS message,
    json_array_length(answer#>'{result,alternatives}') AS alternatives
FROM booking.book_clinic_appointment(:'call') AS answer;
-- Arguments as a text of JSON, and the organization as a static tool parameter.
SELECT answer#>>'{result,success}' AS success
FROM booking.book_clinic_appointment(json_build_object('tool', json_build_object(
    'parameters', json_build_array(json_build_object('key', 'org_id', 'value', :'org')),
    'arguments', json_build_object('appointmentDate', to_char(now() + interval '60 days', 'YYYY-MM-DD'), 'appointmentTime', '4 PM',
        'patientName', 'ann lee', 'patientPhone', 4155550124)::text))) AS answer;
-- What cannot be understood is answered with a sentence, never an error.
SELECT arguments, answer->>'error' AS error, answer->>'message' AS message
FROM (VALUES
    (1, '{"patientName":"Ann","patientPhone":"4155550124"}'),
    (2, '{"patientName":"Ann","patientPhone":"4155550124","appointmentDate":"someday","appointmentTime":"2 PM"}'),
    (3, '{"patientName":"Ann","patientPhone":"4155550124","appointmentDate":"tomorrow","appointmentTime":"2:30"}'),
    (4, '{"patientName":"Ann","patientPhone":"555"}'),
    (5, '{"patientName":"Ann\u0000","patientPhone":"4155550124"}'),
    (6, '{"patientPhone":"4155550124"}'),
    (7, '{"durationMinutes":1e999}'),
    (8, '[]')) AS said (line, arguments),
    LATERAL (SELECT booking.book_clinic_appointment(('{"toolCallId":"x","customer":{"metadata":{"org_id":"' || :'org' ||
        '"}},"tool":{"arguments":' || arguments || '}}')::json)->'result' AS answer) AS call
ORDER BY line;
-- The organization is never read from what the model filled in.
SELECT booking.book_clinic_appointment(('{"toolCallId":"x","tool":{"arguments":{"org_id":"' || :'org' || '"}}}')::json)->'result'->>'error' AS error;
SELECT booking.book_clinic_appointment('{"toolCallId":"x","customer":{"metadata":{"org_id":"nonsense"}}}')->'result'->>'detail' AS detail;
SELECT count(*) AS appointments FROM booking.appointments WHERE org_id = :'org';
