-- Replies: a single word of a patient cancels or confirms an appointment, or ends and begins messages; and numbers that get none.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'America/Phoenix') AS org \gset
SELECT date_trunc('day', now()) + interval '40 days 17 hours' AS ten \gset
PREPARE book(int, text) AS
SELECT answer->>'appointmentId' AS id
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, $2, 'cleaning', :'ten'::timestamptz + $1 * interval '1 hour') AS answer;
-- Who writes, what, and what the provider calls it. Of an appointment, its hour is shown.
PREPARE receive(text, text, text, text) AS
SELECT answer->>'action' AS action, (SELECT a.starts_at - :'ten'::timestamptz FROM booking.appointments AS a WHERE a.org_id = :'org' AND a.id = (answer->>'appointmentId')::uuid) AS appointment, answer->>'reply' AS reply
FROM booking.receive_message(:'org', $1, '+12025550100', $2, $3, $4) AS answer;
-- What the courier gets is sent, in that order; the provider calls it by its name and number.
PREPARE send(text) AS
SELECT kind, to_phone, booking.finish_message(org_id, job_id, lease, $1 || row_number() OVER (ORDER BY wait_milliseconds)) AS finished
FROM booking.claim_messages('test', 100) WHERE org_id = :'org' ORDER BY wait_milliseconds;
PREPARE status(uuid) AS
SELECT answer->>'status' AS status, answer->>'smsStatus' AS sms, answer->>'messageSid' AS sid FROM booking.appointment_status(:'org', $1) AS answer;
CREATE TEMP VIEW history AS
SELECT e.kind, (SELECT a.starts_at - :'ten'::timestamptz FROM booking.appointments AS a WHERE a.org_id = e.org_id AND a.id = e.appointment_id) AS appointment, e.detail
FROM booking.events AS e WHERE e.org_id = :'org' AND e.kind ~ '^patient' ORDER BY e.id;
SELECT booking.connect_integration(:'org', 'twilio', 'k1', decode(repeat('00', 12), 'hex'), decode(repeat('00', 16), 'hex'), '{"per_second": 1000}') AS version;
SELECT booking.set_messaging(:'org', true, '{}');
-- Y: the patient will come. The appointment stands as it did, and it is on record.
EXECUTE book(0, '+14155550101') \gset a_
EXECUTE send('SM a');
EXECUTE receive('+14155550101', 'Y', 'in 1', NULL);
EXECUTE status(:'a_id');
SELECT * FROM history;
-- One that was only noted is confirmed by it.
UPDATE booking.appointments SET status = 'pending' WHERE org_id = :'org' AND id = :'a_id';
EXECUTE receive('+14155550101', 'Yes!', 'in 2', NULL);
EXECUTE status(:'a_id');
-- C: it is cancelled, and that is said, as of any cancellation.
EXECUTE receive('+14155550101', 'C', 'in 3', NULL);
EXECUTE status(:'a_id');
SELECT cancel_reason FROM booking.appointments WHERE org_id = :'org' AND id = :'a_id';
EXECUTE send('SM b');
SELECT * FROM history;
-- There is nothing left to be cancelled or confirmed, and that is said.
SELECT answer->>'action' AS action, answer->>'reply' IS NOT NULL AS is_answered FROM booking.receive_message(:'org', '+14155550101', '+12025550100', 'C', 'in 4') AS answer;
SELECT answer->>'action' AS action, answer->>'reply' IS NOT NULL AS is_answered FROM booking.receive_message(:'org', '+14155550101', '+12025550100', 'Y', 'in 5') AS answer;
EXECUTE status(:'a_id');
-- The provider tells everything twice: it is done once.
EXECUTE book(1, '+14155550101') \gset
EXECUTE send('SM b2');
EXECUTE receive('+14155550101', 'C', 'in 3', NULL);
EXECUTE status(:'id');
SELECT from_phone, to_phone, body, segments, status, provider_sid, job_id, appointment_id = :'a_id' AS is_of_the_first FROM booking.messages WHERE org_id = :'org' AND direction = 'inbound' AND provider_sid < 'in 4' ORDER BY id;
-- A single word, in whatever letters, with whatever around it; more than that is for people.
SELECT body, booking.receive_message(:'org', '+14155550101', '+12025550100', body, 'word ' || n)->>'action' AS action
FROM unnest(ARRAY['y', ' Yes. ', '"CONFIRM"', '¡Y!', 'y?', 'yy', 'Y 👍', 'no', 'I confirm', 'see you', '', ' ', '?', 'C you then', 'cancel it', 'c c', 'stop it', 'do not start', 'help', NULL]) WITH ORDINALITY AS words (body, n) ORDER BY n;
EXECUTE status(:'id');
SELECT body, booking.receive_message(:'org', '+14155550101', '+12025550100', body, 'cancel ' || n)->>'action' AS action
FROM unnest(ARRAY['(c)', 'C']) WITH ORDINALITY AS words (body, n) ORDER BY n;
EXECUTE book(1, '+14155550101') \gset
EXECUTE send('SM b3');
EXECUTE receive('+14155550101', 'Cancel', 'in 6', NULL);
EXECUTE status(:'id');
DELETE FROM booking.outbox WHERE org_id = :'org';
DELETE FROM booking.events WHERE org_id = :'org';
-- A number that nobody knows: what it wants is kept, and answered where it is a word.
EXECUTE receive('+14155550109', 'C', 'in 7', NULL);
EXECUTE receive('+14155550109', 'Y', 'in 8', NULL);
EXECUTE receive('+14155550109', 'Do you have time on Friday?', 'in 9', NULL);
SELECT body, appointment_id FROM booking.messages WHERE org_id = :'org' AND from_phone = '+14155550109' ORDER BY id;
SELECT * FROM history;
-- Nor is an appointment of another organization meant, or one that a person of this one has elsewhere.
SELECT booking.create_organization('Other Dental', 'UTC') AS other \gset
SELECT answer->>'success' AS success FROM booking.book_appointment_atomic(:'other', 'Ann Lee', NULL, '+14155550101', 'cleaning', :'ten'::timestamptz) AS answer;
SELECT answer->>'action' AS action FROM booking.receive_message(:'org', '+14155550101', '+12025550100', 'C', 'in 10') AS answer;
SELECT status FROM booking.appointments WHERE org_id = :'other';
SELECT answer->>'action' AS action FROM booking.receive_message(:'other', '+14155550101', '+12025550199', 'hello', 'in 10') AS answer;
-- Text is kept, with the appointment that it may be about.
EXECUTE book(2, '+14155550101') \gset a_
EXECUTE send('SM c');
EXECUTE receive('+14155550101', 'I may be late', 'in 11', NULL);
EXECUTE status(:'a_id');
EXECUTE receive('+14155550101', repeat('x', 3000), 'in 12', NULL);
SELECT length(body) AS kept, segments FROM booking.messages WHERE org_id = :'org' AND provider_sid = 'in 12';
-- Of two appointments, it is the one of the last message: not the first to come, and not the last to be booked.
EXECUTE book(3, '+14155550101') \gset b_
EXECUTE send('SM d');
EXECUTE receive('+14155550101', 'Y', 'in 13', NULL);
SELECT answer->>'success' AS moved FROM booking.reschedule_appointment_atomic(:'org', :'a_id', :'ten'::timestamptz + interval '4 hours') AS answer;
EXECUTE receive('+14155550101', 'Y', 'in 14', NULL);
EXECUTE send('SM e');
EXECUTE receive('+14155550101', 'Y', 'in 15', NULL);
-- What the network tells of an earlier message is no message: it comes late, and in any order.
EXECUTE book(6, '+14155550101') \gset c_
EXECUTE send('SM f');
SELECT booking.message_status(:'org', 'SM f1', 'delivered') AS told, booking.message_status(:'org', 'SM d1', 'delivered') AS late;
EXECUTE receive('+14155550101', 'Y', 'in 16', NULL);
-- Who says it twice cancels one: the last message was about that, and it is off.
EXECUTE receive('+14155550101', 'C', 'in 17', NULL);
EXECUTE send('SM g');
SELECT answer->>'action' AS action, answer->>'reply' IS NOT NULL AS is_answered FROM booking.receive_message(:'org', '+14155550101', '+12025550100', 'C', 'in 18') AS answer;
SELECT a.starts_at - :'ten'::timestamptz AS appointment, a.status FROM booking.appointments AS a JOIN booking.contacts AS c ON c.org_id = a.org_id AND c.id = a.contact_id WHERE a.org_id = :'org' AND c.phone = '+14155550101' AND a.starts_at > :'ten'::timestamptz + interval '2 hours' ORDER BY a.starts_at;
-- Without any message it is the next to come.
EXECUTE book(8, '+14155550102') \gset b_
EXECUTE book(7, '+14155550102') \gset a_
EXECUTE receive('+14155550102', 'C', 'in 19', NULL);
-- An appointment that has begun is not called off by a word.
UPDATE booking.appointments SET starts_at = now() - interval '10 minutes', ends_at = now() + interval '50 minutes', blocked = tstzrange(now() - interval '10 minutes', now() + interval '50 minutes') WHERE org_id = :'org' AND id = :'b_id';
EXECUTE receive('+14155550102', 'C', 'in 20', NULL);
EXECUTE receive('+14155550102', 'Y', 'in 21', NULL);
EXECUTE status(:'b_id');
-- STOP: who has opted out gets nothing, about whatever, until START.
DELETE FROM booking.outbox WHERE org_id = :'org';
DELETE FROM booking.events WHERE org_id = :'org';
EXECUTE book(9, '+14155550103') \gset a_
EXECUTE book(10, '+14155550104') \gset b_
EXECUTE receive('+14155550103', 'Stop.', 'in 22', NULL);
EXECUTE receive('+14155550103', 'STOP', 'in 23', NULL);
EXECUTE receive('+14155550109', 'unsubscribe', 'in 24', NULL);
SELECT phone FROM booking.opt_outs WHERE org_id = :'org' ORDER BY phone;
EXECUTE send('SM h');
EXECUTE status(:'a_id');
EXECUTE status(:'b_id');
SELECT state, last_error FROM booking.outbox WHERE org_id = :'org' AND appointment_id = :'a_id';
SELECT answer->>'success' AS success FROM booking.cancel_appointment(:'org', :'a_id') AS answer;
EXECUTE send('SM i');
EXECUTE book(9, '+14155550103') \gset a_
EXECUTE send('SM i');
-- Their other words still count.
EXECUTE receive('+14155550103', 'Y', 'in 25', NULL);
-- START, told twice; then a dead letter is sent where somebody wants it.
EXECUTE receive('+14155550103', 'start', 'in 26', NULL);
EXECUTE receive('+14155550103', 'start', 'in 26', NULL);
EXECUTE receive('+14155550109', 'Unstop', 'in 27', NULL);
SELECT phone FROM booking.opt_outs WHERE org_id = :'org';
EXECUTE send('SM i');
SELECT booking.requeue_job(o.org_id, o.id) AS requeued FROM booking.outbox AS o WHERE o.org_id = :'org' AND o.appointment_id = :'a_id';
EXECUTE send('SM i');
SELECT * FROM history;
-- To networks YES is a word for START: whoever has opted out and says it gets messages again, and it still confirms.
DELETE FROM booking.events WHERE org_id = :'org';
EXECUTE receive('+14155550103', 'yes', 'in 27a', NULL);
EXECUTE receive('+14155550103', 'STOP', 'in 27b', NULL);
EXECUTE receive('+14155550103', 'Y', 'in 27c', NULL);
SELECT count(*) AS opted_out FROM booking.opt_outs WHERE org_id = :'org';
EXECUTE receive('+14155550103', 'Yes.', 'in 27d', NULL);
SELECT count(*) AS opted_out FROM booking.opt_outs WHERE org_id = :'org';
SELECT * FROM history;
-- Where the network has understood it, that counts: in another language, and where CANCEL is one of its words for STOP.
EXECUTE receive('+14155550103', 'Arrêt', 'in 28', 'STOP');
EXECUTE receive('+14155550103', 'Reprise', 'in 29', 'START');
EXECUTE receive('+14155550103', 'Info', 'in 30', 'HELP');
EXECUTE receive('+14155550103', 'CANCEL', 'in 31', 'STOP');
EXECUTE status(:'a_id');
EXECUTE receive('+14155550103', 'start', 'in 32', '');
SELECT count(*) AS opted_out FROM booking.opt_outs WHERE org_id = :'org';
-- The provider says that a number has opted out, at once or later: that counts as well.
EXECUTE book(11, '+14155550105') \gset a_
SELECT booking.fail_job(org_id, job_id, lease, 'the number has opted out', 'refused', '21610') AS state FROM booking.claim_messages('test', 100) WHERE org_id = :'org';
EXECUTE book(12, '+14155550106') \gset b_
EXECUTE send('SM j');
SELECT booking.message_status(:'org', 'SM j1', 'undelivered', '21610') AS told, booking.message_status(:'org', 'SM j1', 'undelivered', '21610') AS twice;
SELECT phone FROM booking.opt_outs WHERE org_id = :'org' ORDER BY phone;
EXECUTE status(:'a_id');
EXECUTE status(:'b_id');
EXECUTE send('SM k');
-- Another trouble with a number is none of its owner's will.
EXECUTE book(13, '+14155550107') \gset
EXECUTE send('SM l');
SELECT booking.message_status(:'org', 'SM l1', 'undelivered', '30006') AS told;
EXECUTE status(:'id');
SELECT count(*) AS opted_out FROM booking.opt_outs WHERE org_id = :'org' AND phone = '+14155550107';
-- What was not delivered and is not tried again is a dead letter, with the code in words, and goes out where somebody wants it to.
SELECT id AS job, state, last_error, errors->-1->>'code' AS code, errors->-1->>'error' = last_error AS is_on_record FROM booking.outbox WHERE org_id = :'org' AND appointment_id = :'id' \gset
SELECT :'state' AS state, :'last_error' AS last_error, :'code' AS code, :'is_on_record' AS is_on_record;
SELECT job->>'lastError' AS shown FROM booking.agenda(:'org') AS agenda, json_array_elements(agenda->'deadJobs') AS job WHERE job->>'id' = :'job';
SELECT booking.requeue_job(:'org', :'job') AS requeued;
EXECUTE status(:'id');
EXECUTE send('SM again ');
EXECUTE status(:'id');
SELECT booking.message_status(:'org', 'SM l1', 'delivered') AS of_the_first, booking.message_status(:'org', 'SM again 1', 'delivered') AS told;
EXECUTE status(:'id');
-- A phone that could not be reached gets it once more after a while, and no oftener.
EXECUTE book(14, '+14155550108') \gset a_
EXECUTE send('SM m');
SELECT booking.message_status(:'org', 'SM m1', 'sent') AS told, booking.message_status(:'org', 'SM m1', 'undelivered', '30003') AS failed, booking.message_status(:'org', 'SM m1', 'undelivered', '30003') AS twice;
EXECUTE status(:'a_id');
SELECT state, last_error, run_at BETWEEN now() + interval '9 minutes' AND now() + interval '11 minutes' AS in_ten_minutes FROM booking.outbox WHERE org_id = :'org' AND appointment_id = :'a_id';
EXECUTE send('SM n');
UPDATE booking.outbox SET run_at = now() WHERE org_id = :'org' AND appointment_id = :'a_id';
SELECT job_id AS job, message_id AS message, lease, attempt, is_unsure FROM booking.claim_messages('test', 100) WHERE org_id = :'org' \gset
SELECT :'attempt' AS attempt, :'is_unsure' AS is_unsure;
-- What is told of the first attempt is no news of the second.
SELECT booking.message_status(:'org', 'SM m1', 'delivered', p_message_id => :'message') AS of_the_first;
SELECT booking.finish_message(:'org', :'job', :lease, 'SM n1') AS finished;
SELECT booking.message_status(:'org', 'SM m1', 'delivered', p_message_id => :'message') AS of_the_first, booking.message_status(:'org', 'SM n1', 'undelivered', '30003', :'message') AS failed;
EXECUTE status(:'a_id');
SELECT state, attempts, last_error FROM booking.outbox WHERE org_id = :'org' AND appointment_id = :'a_id';
SELECT former_sids, error_code FROM booking.messages WHERE org_id = :'org' AND id = :'message';
-- So it is where the provider tells of it before the courier has said that it went out.
EXECUTE book(15, '+14155550108') \gset a_
SELECT job_id AS job, message_id AS message, lease FROM booking.claim_messages('test', 100) WHERE org_id = :'org' \gset
SELECT booking.message_status(:'org', 'SM o1', 'undelivered', '30003', :'message') AS early;
SELECT booking.finish_message(:'org', :'job', :lease, 'SM o1') AS finished;
SELECT state FROM booking.outbox WHERE org_id = :'org' AND appointment_id = :'a_id';
-- Not where there is no time left for it.
EXECUTE book(16, '+14155550108') \gset a_
EXECUTE send('SM p');
UPDATE booking.outbox SET deadline = now() + interval '5 minutes' WHERE org_id = :'org' AND appointment_id = :'a_id';
SELECT booking.message_status(:'org', 'SM p1', 'undelivered', '30003') AS told;
EXECUTE status(:'a_id');
-- Who is erased is taken out of what was written, by them as well, and of who has opted out.
EXECUTE receive('+14155550108', 'My name is Ann Lee. Stop?', 'in 33', NULL);
EXECUTE receive('+14155550108', 'STOP', 'in 34', NULL);
SELECT answer->>'success' AS erased FROM booking.erase_contact(:'org', '+14155550108') AS answer;
SELECT direction, from_phone, to_phone, body, count(*) FROM booking.messages WHERE org_id = :'org' AND (from_phone = '+14155550108' OR to_phone = '+14155550108' OR provider_sid IN ('in 33', 'in 34') OR 'SM p1' = ANY (former_sids)) GROUP BY direction, from_phone, to_phone, body ORDER BY direction;
SELECT count(*) FROM booking.opt_outs WHERE org_id = :'org' AND phone = '+14155550108';
-- What cannot be.
SELECT answer->>'error' AS error, answer->>'message' AS message FROM booking.receive_message(NULL, '+14155550101', '+12025550100', 'C', 'in 40') AS answer;
SELECT answer->>'error' AS error, answer->>'message' AS message FROM booking.receive_message('00000000-0000-7000-8000-000000000001', '+14155550101', '+12025550100', 'C', 'in 40') AS answer;
SELECT answer->>'error' AS error, answer->>'message' AS message FROM booking.receive_message(:'org', NULL, '+12025550100', 'C', 'in 40') AS answer;
SELECT answer->>'error' AS error, answer->>'message' AS message FROM booking.receive_message(:'org', '+14155550101', NULL, 'C', 'in 40') AS answer;
SELECT answer->>'error' AS error, answer->>'message' AS message FROM booking.receive_message(:'org', '+14155550101', '+12025550100', 'C', NULL) AS answer;
SELECT answer->>'error' AS error, answer->>'message' AS message FROM booking.receive_message(:'org', '+14155550101', '+12025550100', 'C', '') AS answer;
-- Nothing is left to couriers.
DELETE FROM booking.outbox WHERE org_id = :'org';
DELETE FROM booking.integrations WHERE org_id = :'org';
