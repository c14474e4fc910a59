-- Follow-ups: what is to be done for a caller, who is reminded of it, and what is forgotten. Then the timeline of a contact.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'America/New_York') AS org \gset
SELECT ((date_trunc('day', now() AT TIME ZONE 'America/New_York') + interval '40 days 14 hours') AT TIME ZONE 'America/New_York') AS two \gset
CREATE TEMP VIEW jobs AS
SELECT o.state, o.attempts, o.appointment_id IS NULL AS of_no_appointment, o.deadline - o.run_at AS good_for, o.last_error
FROM booking.outbox AS o WHERE o.org_id = :'org' AND o.kind = 'follow_up' ORDER BY o.id;
CREATE TEMP VIEW history AS
SELECT e.kind, e.detail - 'followUpId' AS detail, e.detail ? 'followUpId' AS names_it
FROM booking.events AS e WHERE e.org_id = :'org' AND e.kind ~ '^follow_up' ORDER BY e.id;
PREPARE claim AS
SELECT kind, to_phone, replace(body, marker, '...') AS body FROM booking.claim_messages('test', 100) WHERE org_id = :'org';
-- Whoever says nothing gets it within the hour, and nobody is reminded.
SELECT booking.create_follow_up(:'org', ' Order gloves. ') AS gloves \gset
SELECT kind, state, note, name, phone, owner, owner_phone, due_at - created_at AS within, closed_at FROM booking.follow_ups WHERE org_id = :'org' AND id = :'gloves';
-- Who takes care of what callers leave: of what states nobody.
SELECT booking.set_follow_ups(:'org', 'Front desk', '(212) 555-0100', 90);
SELECT settings->'follow_ups' AS settings FROM booking.organizations WHERE org_id = :'org';
SELECT booking.connect_integration(:'org', 'twilio', 'k1', '\x000000000000000000000000', '\x00000000000000000000000000000000', '{"per_second": 100}') AS version;
SELECT booking.create_follow_up(:'org', 'Call back about a filling.', NULL, '415 555 0124', 'Ann Lee') AS filling,
    booking.create_follow_up(:'org', 'Look at the chair.', now() + interval '1 day', p_owner => 'Bo') AS chair \gset
SELECT note, phone, owner, owner_phone, due_at - created_at AS within FROM booking.follow_ups WHERE org_id = :'org' AND id IN (:'filling', :'chair') ORDER BY id;
SELECT * FROM jobs;
SELECT * FROM history;
-- It is not due yet. At another time, the reminder is another one; nothing new leaves it alone.
EXECUTE claim;
SELECT booking.change_follow_up(:'org', :'filling', p_owner => 'Cy') AS another_name, booking.change_follow_up(:'org', :'filling') AS nothing;
SELECT state, count(*) FROM jobs GROUP BY state;
SELECT booking.change_follow_up(:'org', :'filling', p_due_at => now()) AS earlier;
SELECT state, count(*) FROM jobs GROUP BY state ORDER BY state;
EXECUTE claim;
SELECT direction, appointment_id, follow_up_id = :'filling' AS of_it, status, segments FROM booking.messages WHERE org_id = :'org';
-- While it is under way, somebody else takes over: the reminder that failed is not for them, theirs is.
SELECT id AS job, lease FROM booking.outbox WHERE org_id = :'org' AND state = 'running' \gset
SELECT booking.change_follow_up(:'org', :'filling', p_owner => 'Di', p_owner_phone => '+12125550199') AS changed;
SELECT booking.fail_job(:'org', :'job', :lease, 'HTTP 503') AS state;
SELECT booking.finish_event(:'org', :'job', :lease) AS an_event, booking.lost_event(:'org', :'job', :lease, 'x') AS a_lost_event;
UPDATE booking.outbox SET run_at = now() WHERE org_id = :'org' AND state = 'retryable';
EXECUTE claim;
SELECT state, last_error FROM jobs WHERE last_error IS NOT NULL;
SELECT id AS job, lease FROM booking.outbox WHERE org_id = :'org' AND state = 'running' \gset
SELECT booking.finish_message(:'org', :'job', :lease, 'SM1') AS finished, booking.message_status(:'org', 'SM1', 'delivered') AS delivered;
-- What is done withdraws its reminder; what is opened again is due again.
SELECT booking.change_follow_up(:'org', :'filling', 'done') AS done, booking.change_follow_up(:'org', :'filling', 'done') AS twice;
SELECT state, closed_at IS NOT NULL AS is_closed FROM booking.follow_ups WHERE org_id = :'org' AND id = :'filling';
SELECT booking.change_follow_up(:'org', :'filling', 'open', p_due_at => now() + interval '1 hour') AS opened;
SELECT state, closed_at IS NOT NULL AS is_closed FROM booking.follow_ups WHERE org_id = :'org' AND id = :'filling';
SELECT state, count(*) FROM jobs GROUP BY state ORDER BY state;
SELECT booking.change_follow_up(:'org', :'filling', 'cancelled') AS cancelled;
SELECT state, count(*) FROM jobs GROUP BY state ORDER BY state;
SELECT * FROM history WHERE kind = 'follow_up_closed';
-- One reminder waits for each, also when a withdrawn one is requeued.
SELECT booking.create_follow_up(:'org', 'Send the bill.', now() + interval '1 hour') AS bill \gset
SELECT id AS job FROM booking.outbox WHERE org_id = :'org' AND follow_up_id = :'bill' \gset
SELECT booking.cancel_job(:'org', :'job') AS withdrawn, booking.requeue_job(:'org', :'job') AS requeued, booking.cancel_job(:'org', :'job') AS again;
SELECT booking.change_follow_up(:'org', :'bill', p_due_at => now() + interval '2 hours') AS later, booking.requeue_job(:'org', :'job') AS requeued;
-- What is not true any more when it is claimed is not sent: closed or put off behind the functions, messages are off, STOP.
UPDATE booking.follow_ups SET state = 'done', closed_at = now() WHERE org_id = :'org' AND id = :'bill';
SELECT booking.create_follow_up(:'org', 'One.', now()) AS one, booking.create_follow_up(:'org', 'Two.', now()) AS two_, booking.create_follow_up(:'org', 'Three.', now(), p_owner_phone => '+12125550177') AS three \gset
UPDATE booking.follow_ups SET due_at = due_at + interval '5 minutes' WHERE org_id = :'org' AND id = :'one';
UPDATE booking.follow_ups SET owner_phone = NULL WHERE org_id = :'org' AND id = :'two_';
SELECT booking.receive_message(:'org', '+12125550177', '+12125550188', 'Stop', 'SM-in-1')->>'action' AS action;
UPDATE booking.outbox SET run_at = now() WHERE org_id = :'org' AND state = 'available' AND follow_up_id = :'bill';
EXECUTE claim;
SELECT f.note, o.state, o.last_error FROM booking.outbox AS o JOIN booking.follow_ups AS f ON f.org_id = o.org_id AND f.id = o.follow_up_id
WHERE o.org_id = :'org' AND o.follow_up_id IN (:'bill', :'one', :'two_', :'three') AND o.attempts > 0 ORDER BY o.id;
SELECT booking.create_follow_up(:'org', 'Four.', now()) AS four \gset
SELECT booking.set_messaging(:'org', false);
EXECUTE claim;
SELECT state, last_error FROM booking.outbox WHERE org_id = :'org' AND follow_up_id = :'four';
-- Without messages nobody is reminded; without an account it cannot be.
SELECT booking.create_follow_up(:'org', 'Five.', now()) AS five \gset
SELECT booking.disconnect_integration(:'org', 'twilio') AS disconnected;
SELECT booking.set_messaging(:'org', true, '{}');
SELECT booking.create_follow_up(:'org', 'Six.', now()) AS six \gset
EXECUTE claim;
SELECT f.note, o.state, o.errors->-1->>'code' AS code FROM booking.follow_ups AS f LEFT JOIN booking.outbox AS o ON o.org_id = f.org_id AND o.follow_up_id = f.id
WHERE f.org_id = :'org' AND f.id IN (:'five', :'six') ORDER BY f.id;
-- A dry run has it written to the log; a note is shortened to what three messages hold.
SELECT booking.create_follow_up(:'org', repeat('Bring the files. ', 100), now(), '415 555 0124') AS files \gset
SELECT job_id AS job, lease, length(body) AS length, right(replace(body, marker, ''), 8) AS ends FROM booking.claim_messages('test', 100, p_is_dry_run => true) WHERE org_id = :'org' \gset
SELECT :length AS length, :'ends' AS ends, segments FROM booking.messages WHERE org_id = :'org' AND job_id = :'job';
SELECT booking.finish_message(:'org', :'job', :lease, NULL, 'dry_run') AS finished;
-- What was due more than a week ago reminds nobody.
SELECT booking.create_follow_up(:'org', 'Long ago.', now() - interval '8 days') AS old \gset
SELECT count(*) FROM booking.outbox WHERE org_id = :'org' AND follow_up_id = :'old';
-- It belongs to the contact with its phone, or else to that of its appointment.
SELECT answer->>'appointmentId' AS a_id, answer->>'contactId' AS a_contact
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'cleaning', :'two') AS answer \gset
SELECT booking.create_follow_up(:'org', 'By phone.', NULL, '415 555 0124') AS by_phone, booking.create_follow_up(:'org', 'By appointment.', p_appointment_id => :'a_id') AS by_appointment \gset
SELECT left(note, 15) AS note, contact_id = :'a_contact' AS is_hers FROM booking.follow_ups WHERE org_id = :'org' AND id IN (:'by_phone', :'by_appointment', :'files') ORDER BY id;
-- A reminder is about no appointment: whoever takes care of it and has one too answers the last message about that.
SELECT booking.book_appointment_atomic(:'org', 'Cy Poe', NULL, '+12125550100', 'cleaning', :'two'::timestamptz + interval '3 hours')->>'success' AS booked;
SELECT booking.connect_integration(:'org', 'twilio', 'k1', '\x000000000000000000000000', '\x00000000000000000000000000000000', '{"per_second": 100}') AS version;
SELECT count(booking.finish_message(c.org_id, c.job_id, c.lease, 'SM' || c.message_id)) FILTER (WHERE c.kind = 'confirmation') AS confirmations FROM booking.claim_messages('test', 100) AS c WHERE c.org_id = :'org';
SELECT booking.change_follow_up(:'org', :'by_phone', p_due_at => now()) AS due;
SELECT count(booking.finish_message(c.org_id, c.job_id, c.lease, 'SM' || c.message_id)) AS reminders FROM booking.claim_messages('test', 100) AS c WHERE c.org_id = :'org' AND c.kind = 'follow_up' AND c.to_phone = '+12125550100';
SELECT answer->>'action' AS action, (SELECT a.patient_name FROM booking.appointments AS a WHERE a.org_id = :'org' AND a.id = (answer->>'appointmentId')::uuid) AS of FROM booking.receive_message(:'org', '+12125550100', '+12125550188', 'Y', 'SM-in-2') AS answer;
-- The timeline: what was moved was booked for the time before, and a reminder is nobody's but its reader's.
SELECT answer->>'success' AS moved FROM booking.reschedule_appointment_atomic(:'org', :'a_id', :'two'::timestamptz + interval '1 day') AS answer;
SELECT answer->>'success' AS moved FROM booking.reschedule_appointment_atomic(:'org', :'a_id', :'two'::timestamptz + interval '2 days') AS answer;
SELECT booking.receive_message(:'org', '+14155550124', '+12125550188', 'Thank you', 'SM-in-3')->>'action' AS action;
SELECT answer->>'success' AS cancelled FROM booking.cancel_appointment(:'org', :'a_id', 'caught a cold') AS answer;
SELECT booking.change_follow_up(:'org', :'by_appointment', 'done') AS done;
CREATE TEMP VIEW timeline AS
SELECT t.kind, regexp_replace(regexp_replace(t.summary, '\w+day, \w+ \d+(, \d{4})?', 'DAY', 'g'), 'Ref \w+', '...') AS summary
FROM booking.contact_timeline(:'org', '(415) 555-0124') WITH ORDINALITY AS t (at, kind, summary, detail, place) ORDER BY t.place;
SELECT * FROM timeline;
SELECT detail->>'service' AS service, (detail->>'startsAt')::timestamptz = :'two'::timestamptz + interval '2 days' AS starts, detail->>'appointmentId' = :'a_id' AS is_it FROM booking.contact_timeline(:'org', '+14155550124') WHERE kind = 'booked';
SELECT (detail->>'from')::timestamptz - :'two'::timestamptz AS "from", (detail->>'to')::timestamptz - :'two'::timestamptz AS "to" FROM booking.contact_timeline(:'org', '+14155550124') WHERE kind = 'moved';
SELECT jsonb_object_agg(detail->>'note', detail->>'state') AS states, bool_and((detail->>'dueAt') ~ 'Z$') AS in_utc FROM booking.contact_timeline(:'org', '+14155550124') WHERE kind = 'follow_up' AND detail->>'note' ~ '^(By|Call)';
SELECT count(*) AS reminders FROM booking.contact_timeline(:'org', '+12125550100') WHERE summary ~ 'Follow-up for';
-- A call is told with its length and why it ended.
INSERT INTO booking.call_logs (org_id, call_id, caller_phone, started_at, ended_at, ended_reason, summary)
VALUES (:'org', 'call-1', '+14155550124', now() - interval '1 hour', now() - interval '56 minutes 55 seconds', 'customer-ended-call', 'Asked for a cleaning.');
SELECT kind, summary, detail->>'callId' AS call FROM booking.contact_timeline(:'org', '+14155550124') LIMIT 1;
DELETE FROM booking.call_logs WHERE org_id = :'org';
-- It is ordered, and what nobody has heard of has none.
SELECT bool_and(at >= before) AS is_ordered FROM (SELECT at, lag(at) OVER (ORDER BY place) AS before FROM booking.contact_timeline(:'org', '+14155550124') WITH ORDINALITY AS t (at, kind, summary, detail, place)) AS entry;
SELECT count(*) FROM booking.contact_timeline(:'org', '+14155550199');
SELECT booking.contact_timeline(:'org', '12');
SELECT booking.contact_timeline(:'org', NULL);
SELECT booking.contact_timeline('00000000-0000-7000-8000-000000000001', '+14155550124');
SELECT booking.contact_timeline(NULL, '+14155550124');
-- What somebody wrote into the history themselves does not break it.
INSERT INTO booking.events (org_id, id, kind, appointment_id, detail) VALUES (:'org', '00000000-0000-7000-8000-000000000001', 'moved', :'a_id', '{"from": "soon", "to": 7}'), (:'org', '00000000-0000-7000-8000-000000000002', 'tooth_found', :'a_id', '{}');
SELECT kind, summary FROM booking.contact_timeline(:'org', '+14155550124') WHERE summary IN ('Moved cleaning.', 'Tooth found.');
-- Who is erased is in no follow-up, and in nothing that was said of one; others are.
UPDATE booking.outbox SET last_error = 'no Ann Lee', errors = '[{"error": "no Ann Lee"}]' WHERE org_id = :'org' AND follow_up_id = :'filling';
SELECT answer->>'success' AS erased FROM booking.erase_contact(:'org', '+14155550124') AS answer;
SELECT count(*) FROM booking.follow_ups WHERE org_id = :'org' AND id IN (:'filling', :'files', :'by_phone', :'by_appointment');
SELECT count(*) AS reminders, count(body) AS texts, count(to_phone) AS to_staff FROM booking.messages WHERE org_id = :'org' AND follow_up_id IN (:'filling', :'files', :'by_phone', :'by_appointment');
SELECT state, count(*), count(last_error) AS errors FROM booking.outbox WHERE org_id = :'org' AND follow_up_id IN (:'filling', :'files', :'by_phone', :'by_appointment') GROUP BY state ORDER BY state;
SELECT count(*) FROM booking.contact_timeline(:'org', '+14155550124');
SELECT count(*) AS others FROM booking.follow_ups WHERE org_id = :'org';
-- Who has never booked can be erased too.
SELECT booking.create_follow_up(:'org', 'Call back.', NULL, '+14155550133') AS stranger \gset
SELECT booking.erase_contact(:'org', '+14155550133');
SELECT booking.erase_contact(:'org', '+14155550133')->>'error' AS twice;
-- What was closed long ago is purged, with the text of its reminder; what is open stays.
SELECT booking.change_follow_up(:'org', :'three', 'open', now() - interval '60 days', p_owner_phone => '+12125550100') AS opened, booking.change_follow_up(:'org', :'three', 'done') AS done, booking.change_follow_up(:'org', :'one', 'done') AS young;
INSERT INTO booking.messages (org_id, id, job_id, follow_up_id, body, segments, status) VALUES (:'org', '00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000001', :'three', 'Three.', 1, 'sent');
UPDATE booking.follow_ups SET closed_at = now() - interval '40 days' WHERE org_id = :'org' AND id = :'three';
SELECT (booking.purge(interval '30 days')->>'followUps')::int > 0 AS purged;
SELECT count(*) FILTER (WHERE id = :'three') AS three, count(*) FILTER (WHERE id = :'one') AS one FROM booking.follow_ups WHERE org_id = :'org';
SELECT body FROM booking.messages WHERE org_id = :'org' AND follow_up_id = :'three';
SELECT answer->>'success' AS cleaned FROM booking.clean_organization(:'org', 'Riverside Dental') AS answer;
SELECT count(*) FROM booking.follow_ups WHERE org_id = :'org';
-- What cannot be.
SELECT booking.create_follow_up(:'org', NULL);
SELECT booking.create_follow_up(:'org', ' ');
SELECT booking.create_follow_up(:'org', repeat('x', 2001));
SELECT booking.create_follow_up(:'org', E'a\u0007b');
SELECT booking.create_follow_up(:'org', 'x', 'infinity');
SELECT booking.create_follow_up(:'org', 'x', '0001-01-01 00:00+00 BC');
SELECT booking.create_follow_up(:'org', 'x', '9999-01-01 00:00+00');
SELECT booking.create_follow_up(:'org', 'x', NULL, '12');
SELECT booking.create_follow_up(:'org', 'x', NULL, NULL, ' ');
SELECT booking.create_follow_up(:'org', 'x', p_owner_phone => '12');
SELECT booking.create_follow_up(:'org', 'x', p_appointment_id => '00000000-0000-7000-8000-000000000001');
SELECT booking.create_follow_up('00000000-0000-7000-8000-000000000001', 'x');
SELECT booking.create_follow_up(NULL, 'x');
SELECT booking.create_follow_up(:'org', 'x') AS follow_up \gset
SELECT booking.change_follow_up(:'org', :'follow_up', 'closed');
SELECT booking.change_follow_up(:'org', :'follow_up', p_due_at => '-infinity');
SELECT booking.change_follow_up(:'org', :'follow_up', p_owner => ' ');
SELECT booking.change_follow_up(:'org', :'follow_up', p_owner_phone => '12');
SELECT booking.change_follow_up(:'org', NULL);
SELECT booking.change_follow_up(:'org', '00000000-0000-7000-8000-000000000001', 'done') AS none, booking.change_follow_up('00000000-0000-7000-8000-000000000001', :'follow_up', 'done') AS of_another;
SELECT booking.set_follow_ups(:'org', 'Bo', '12');
SELECT booking.set_follow_ups(:'org', ' ');
SELECT booking.set_follow_ups(:'org', p_due_minutes => 0);
SELECT booking.set_follow_ups(:'org', p_due_minutes => 40321);
SELECT booking.set_follow_ups('00000000-0000-7000-8000-000000000001');
-- A job is about one thing.
\set VERBOSITY terse
INSERT INTO booking.outbox (org_id, id, kind, appointment_id, deadline) VALUES (:'org', :'follow_up', 'follow_up', :'follow_up', now());
INSERT INTO booking.outbox (org_id, id, kind, follow_up_id, deadline) VALUES (:'org', :'follow_up', 'reminder', :'follow_up', now());
INSERT INTO booking.outbox (org_id, id, kind, follow_up_id, appointment_id, deadline) VALUES (:'org', :'follow_up', 'follow_up', :'follow_up', :'follow_up', now());
-- Nothing is left to couriers, or to be counted.
DELETE FROM booking.outbox WHERE org_id = :'org';
DELETE FROM booking.integrations WHERE org_id = :'org';
