-- What \df+ shows. Arguments, units, what comes back, which errors, where the rule stands.
COMMENT ON SCHEMA booking IS 'Appointment booking that cannot double-book. Start with booking.create_organization and booking.book_appointment_atomic.';

COMMENT ON FUNCTION booking.current_org_id() IS
    'The organization whose rows this session sees: the setting booking.org_id (superusers set it), else the org_id claim of request.jwt.claims where the login role is booking.authenticator, else NULL. Every policy calls it. Source: src/tenant.rs';

COMMENT ON FUNCTION booking.normalize_phone(text, text) IS
    'p_phone as E.164, +14155550123. Takes what people write and say: punctuation, tel:, 00 and 011, extensions (dropped), spoken digits. p_region: ISO 3166 code for numbers without a country code. Not a valid number: 22023. Source: core/src/phone';
COMMENT ON FUNCTION booking.normalize_name(text) IS
    'p_name in name case: mary-jane o''NEIL becomes Mary-Jane O''Neil; a word already in mixed case is kept. No letters, control characters, over 200 characters: 22023. Source: core/src/name';
COMMENT ON FUNCTION booking.normalize_email(text) IS
    'p_email trimmed, in lower case and checked; "john dot smith at example dot com" is understood. Not an address: 22023. Source: core/src/email';
COMMENT ON FUNCTION booking.normalize_booking_time(text, text, text, timestamptz) IS
    'The instant of a date and a time in words on the clock of p_timezone (IANA). A year that has passed becomes the next one in which the day is to come. What has two readings, or passed in the last 30 days: 22023. Source: core/src/appointment_time.rs';
COMMENT ON FUNCTION booking.normalize_booking_data(json, text, text, timestamptz) IS
    'A request {"appointmentDate","appointmentTime","patientName","patientPhone","patientEmail","serviceType"} made clean, with scheduledAt (UTC) and dateCorrected. Missing fields stay missing. Bad input: 22023. Source: core/src/booking_data.rs';
COMMENT ON FUNCTION booking.format_slots(timestamptz[], text, timestamptz) IS
    'Times as a spoken choice on the clock of p_timezone: 2:30 PM, 3:00 PM, or 3:30 PM. Times of several days are said each with its day, as seen from p_now. Source: core/src/speech.rs';

COMMENT ON FUNCTION booking.create_organization(text, text, text, jsonb, uuid) IS
    'Makes a tenant and its first resource (capacity 1) and returns its id. p_timezone: IANA; p_default_region: ISO 3166; p_org_id: the id to use, a new uuid if NULL. Bad input: 22023; an id in use: 23505. Source: src/setup.rs';
COMMENT ON FUNCTION booking.create_resource(uuid, text, integer) IS
    'Makes something that can be booked - a person, a room, a class - and returns its id. p_capacity: appointments at the same time, 1 to 1000. Where the organization keeps an outside calendar, the resource is busy by it at once. Bad input or unknown organization: 22023. Source: src/setup/resource.rs';

COMMENT ON FUNCTION booking.create_service(uuid, text, integer, integer, integer, integer, integer, integer, integer, uuid[], text) IS
    'Makes a service and returns its id. Bookings find it by p_name without regard to case. Durations, buffers, step and notice in minutes, p_horizon_days in local days after today; p_daily_limit: appointments on one resource and local day, NULL is no limit; p_resource_ids: who can do it, NULL is everyone; p_slot_anchor: midnight or opening, where the grid of the times on offer begins. Bad input: 22023; a name in use: 23505. Source: src/setup/service.rs';
COMMENT ON FUNCTION booking.update_resource(uuid, uuid, text, integer) IS
    'Changes the name or the capacity of a resource; NULL keeps what it has. Appointments keep their seats; with fewer seats, no more are booked than there is room for. Bad input: 22023. Source: src/setup/resource.rs';
COMMENT ON FUNCTION booking.update_service(uuid, text, text, integer, integer, integer, integer, integer, integer, integer, uuid[], text) IS
    'Changes the service called p_service; NULL keeps what it has, p_daily_limit 0 takes the limit away, p_resource_ids ''{}'' lets every resource do it. Units as in create_service. Appointments stay as they were booked. Bad input: 22023; a name in use: 23505. Source: src/setup/service.rs';
COMMENT ON FUNCTION booking.set_opening_hours(uuid, jsonb, uuid) IS
    'Sets the weekly hours of an organization, or of p_resource_id, in place of those it had: {"mon":[["09:00","12:00"],["13:00","17:00"]],...} on the local clock. 24:00 ends a day, an end that is not after its start is of the next morning, a missing day is closed, {} takes the hours away: open always, or for a resource as the organization. Bad input: 22023. Source: core/src/hours';
COMMENT ON FUNCTION booking.set_date_override(uuid, date, jsonb, uuid, text) IS
    'Replaces the weekly hours of one local date, of an organization or of p_resource_id: [["09:00","12:00"]]; [] is closed; NULL takes the override back. An override of the organization only takes from resources that have weekly hours of their own. Bad input: 22023. Source: core/src/hours.rs';
COMMENT ON FUNCTION booking.set_message_template(uuid, text, text, text) IS
    'Sets what an organization writes: p_kind is confirmation, moved, cancelled or reminder; p_body has the placeholders {name}, {organization}, {service}, {when}, {date}, {time}, and {{ for a brace; NULL brings the usual words back. p_language: a tag, as en or pt-BR. Bad input: 22023. Source: core/src/sms/template.rs';
COMMENT ON FUNCTION booking.preview_message(uuid, text, text) IS
    'A message as a patient might get it, with a mark as it has at its end, as JSON: body, encoding (GSM-7 or UCS-2), segments (the messages it is paid for as) and, where that is more than one, a hint. A language without a template falls back to en, and that to the usual words. Source: core/src/sms';
COMMENT ON FUNCTION booking.set_messaging(uuid, boolean, integer[], text) IS
    'Whether the changes to appointments of an organization are followed by messages: confirmations at once, reminders p_reminder_minutes before the start (up to 5), in the templates of p_language. Off withdraws nothing; what waits is withdrawn when it is claimed. To connect an account turns them on. Bad input: 22023. Source: src/outbox/manage.rs';
COMMENT ON FUNCTION booking.set_follow_ups(uuid, text, text, integer) IS
    'Who takes care of what callers leave: p_owner, reminded at p_owner_phone when it is due, p_due_minutes (1 to 40320) after it was left. Replaces what was set. For follow-ups that state no owner or no time of their own. Bad input or unknown organization: 22023. Source: core/src/follow_up/settings.rs';
COMMENT ON FUNCTION booking.create_follow_up(uuid, text, timestamptz, text, text, text, text, uuid) IS
    'Writes down what is to be done for p_name at p_phone, and returns its id. p_note: up to 2000 characters; p_due_at: NULL is as set_follow_ups says; p_owner, p_owner_phone: both NULL are those of set_follow_ups. Where messages are on, the owner is reminded by one when it is due. Bad input, unknown organization or appointment: 22023. Source: src/follow_up/create.rs';
COMMENT ON FUNCTION booking.change_follow_up(uuid, uuid, text, timestamptz, text, text) IS
    'Changes a follow-up; NULL keeps what it has. p_state: open, done or cancelled. Its reminder is withdrawn or written anew. False where there is no such follow-up. Bad input: 22023. Source: src/follow_up/change.rs';
COMMENT ON FUNCTION booking.read_events(uuid, text, integer) IS
    'The history of an organization as JSON: {"events": [{"id","at","kind","appointmentId","detail","position"}],"position","hasMore","reset"}, up to p_limit (1 to 10000) events that were committed since p_after, a position that was given before, or NULL for the oldest that is kept. Each is told once, in the order of ids among those that were committed between two readings; hasMore: ask again, with position. The position of an event goes on after it. reset: what was missed cannot be told (p_after is no position, is from another server or from before a crash or a promotion, or what comes after it was purged): look at the present, and go on from position. Unknown organization, bad p_limit: 22023. Source: src/history, core/src/history';
COMMENT ON FUNCTION booking.read_events_of(uuid[], text, text, integer) IS
    'For couriers: read_events of several organizations at once, each event with "orgId". p_until: nothing that was committed after this position of events_position; NULL: the present. An organization that is not visible has no events. Bad p_limit, p_org_ids NULL: 22023. Source: src/history';
COMMENT ON FUNCTION booking.events_position() IS
    'The position of now: read_events tells from there on what is committed later. Positions hold for every organization, on the server that gave them. Source: src/history';
COMMENT ON FUNCTION booking.writing_transaction() IS
    'pg_current_xact_id, for the column tx of booking.events and booking.purged_events, and for nothing else: it is declared immutable so that it may generate a column, and it is not. Source: sql/tables/events.sql';

COMMENT ON FUNCTION booking.contact_timeline(uuid, text) IS
    'Everything on record of whoever has p_phone, oldest first, the latest 1000: kind (booked, moved, cancelled, message_sent, message_received, call, follow_up, follow_up_closed or event), summary, a sentence in the zone of the organization, and detail, with ids and times (UTC). Nobody known: no rows. Bad input or unknown organization: 22023. Source: src/timeline.rs';
COMMENT ON FUNCTION booking.agenda(uuid, date, integer) IS
    'What a front desk has before its eyes, of p_days (1 to 31) local days from p_from (NULL: today), as of one moment, as JSON: organization, days, resources with the windows of each day, services, appointments of every status, busy, integrations, deadJobs (given up, and in time still), workers, and position, after which the events are what it does not show yet. Minutes count from local midnight by the clock on the wall, beyond 1440 on the morning after; instants are ISO 8601 with the local offset. smsStatus and calendarStatus as in appointment_status. Refusals as JSON: org_not_found, invalid_date, invalid_request. Source: src/agenda';
COMMENT ON FUNCTION booking.set_calendar(uuid, boolean, text, text, text, integer) IS
    'Whether the appointments of an organization are kept in an outside calendar. p_flow: async (booked at once) or verified (held until its event is there, for p_verify_seconds, 1 to 3600); p_on_change, where somebody moves or deletes an event there: flag or follow; p_calendar_id: that of resources without one of their own. To connect an account turns it on. Bad input: 22023. Source: core/src/outside_calendar/settings.rs';
COMMENT ON FUNCTION booking.set_resource_calendar(uuid, uuid, text) IS
    'The outside calendar of a resource, as its provider calls it; NULL: that of the organization. Bad input or unknown resource: 22023. Source: src/outside_calendar/settings.rs';
COMMENT ON FUNCTION booking.pause_couriers(uuid, boolean) IS
    'Whether couriers leave everything of an organization alone: nothing goes out and nothing is lost, except what misses its time. Unknown organization: 22023. Source: src/outbox/manage.rs';

COMMENT ON FUNCTION booking.vapi_message(json) IS
    'Answers any server message of Vapi. tool-calls: {"results":[{"name","toolCallId","result"}]}, in order, each a sentence that can be read aloud; status-update and end-of-call-report are kept in call_logs, other types in call_messages, and answered with {}; assistant-request: {"assistantId"} or {"error"}. The organization is read from message.call.metadata.org_id, message.call.assistantOverrides.metadata.org_id, message.assistant.metadata.org_id, customer.metadata.org_id or a static tool parameter, else from the assistant or the called number of set_voice_agent; never from arguments. A tool call counts once per call id and tool-call id. Nothing in a message raises an error. Source: src/voice';
COMMENT ON FUNCTION booking.voice_organization(json) IS
    'Whose the message p_message is, by the rules of vapi_message, also in the shape of book_clinic_appointment; NULL: nobody''s. Source: src/voice/origin.rs';
COMMENT ON FUNCTION booking.voice_pending(json) IS
    'Whether a booking that the tool calls of p_message have made still waits for its event in the calendar. False where a call that changes something has no id, since it would be done again. Once it does not, vapi_message answers the same message with what has become of it. Source: src/voice/answered.rs';
COMMENT ON FUNCTION booking.booking_answer(uuid, uuid) IS
    'What the booking of an appointment is answered with as it stands now: the answer of book_appointment_atomic, or, where it was held and could not be had, its refusal with alternatives. Refusals: already_cancelled, appointment_not_found, org_not_found. Source: src/voice/answered.rs';
COMMENT ON FUNCTION booking.set_voice_agent(uuid, text, text, text, text, text, text) IS
    'Sets the voice agent of an organization up, in place of what was: the assistant and the credential as Vapi calls them, what the assistant calls itself, the organization''s own prompt (up to 20,000 characters), the number that is called (E.164 or of the region), and where Vapi sends its messages (NULL: to the worker). Bad input: 22023. Source: src/voice/agent.rs';
COMMENT ON FUNCTION booking.voice_agent(uuid) IS
    'How the voice agent of an organization is to be, as JSON: assistantId, assistantName, serverUrl, credentialId, prompt (enforced, with the date as Vapi fills it in, so that it does not change from day to day), tools [{"name","toolId","definition"}] problems, the sentences of what keeps it from working, and hints, of what may be as it is meant to be. Source: src/voice/agent.rs';
COMMENT ON FUNCTION booking.tool_registered(uuid, text, text) IS
    'Keeps Vapi''s id of a tool in org_tools; p_tool_id NULL: it is registered no more. Bad input: 22023. Source: src/voice/agent.rs';
COMMENT ON FUNCTION booking.enforced_system_prompt(text, uuid, text, timestamptz) IS
    'The system prompt of an assistant: the rules of booking, with the date and time of p_now in the organization''s zone and the names of the tools, then p_custom_prompt (up to 20,000 characters), quoted so that it can neither end, imitate nor lift them. An enforced prompt that is passed in is taken for its quoted part. p_assistant_name NULL: that of set_voice_agent. Bad input: 22023. Source: core/src/voice/prompt.rs';

COMMENT ON FUNCTION booking.claim_messages(text, integer, integer, boolean) IS
    'For couriers: up to p_limit (1 to 100) messages that are due, also reminders of follow-ups (kind follow_up), of every organization that the role sees, in turn, leased to p_worker for p_lease_seconds (1 to 3600). Each waits wait_milliseconds from now, so that no sender is faster than its per_second. body ends in marker. is_unsure: an attempt since first_tried_at ended without a word, so look for the marker at the provider before you send again, among messages other than former_sids, which it could not deliver. p_is_dry_run: only those of organizations without an account, which else are given up as not_configured. What has missed its time or is not true any more is finished and not returned. Bad input: 22023. Source: src/outbox/message.rs';
COMMENT ON FUNCTION booking.finish_message(uuid, uuid, bigint, text, text) IS
    'For couriers: the provider has taken the message and calls it p_provider_sid; p_status in the provider''s word, or dry_run. False where the lease is not the latest: somebody else has the job, and nothing was changed. Bad input: 22023. Source: src/outbox/report.rs';
COMMENT ON FUNCTION booking.fail_job(uuid, uuid, bigint, text, text, text, integer) IS
    'For couriers: the attempt failed. p_outcome: not_done, unknown (it may have been carried out), refused (it never will be) or unauthorized. Returns retryable, discarded where it was refused, the attempts are used up (100) or the time has passed, cancelled where another job does it, or succeeded where the provider has told that it was done after all; NULL where the lease is not the latest. The pause doubles from 5 seconds to 30 minutes, of which a random share is taken; p_retry_after_seconds is kept. A booking that waits for the event of a discarded job is cancelled. Bad input: 22023. Source: core/src/outbox/attempt.rs';
COMMENT ON FUNCTION booking.message_status(uuid, text, text, text, uuid) IS
    'For couriers: what the provider tells of a message it calls p_provider_sid; p_message_id, where the provider gives it back, finds one whose courier has not told that name yet. What a phone could not get is sent once more; what else was not delivered is a dead letter, with the code in words. False where it is no news: late, told twice, or of no message of this organization. Bad input: 22023. Source: src/outbox/report.rs';
COMMENT ON FUNCTION booking.receive_message(uuid, text, text, text, text, text) IS
    'For couriers: a patient has written. Returns JSON: action (cancelled, confirmed, opted_out, opted_in, received or duplicate), appointmentId, and reply, what to answer, if anything. A single C cancels and Y confirms the appointment of the last message, STOP and START end and begin messages, and YES begins them too, as networks have it; p_opt_out_type is the network''s own reading. Told twice, it counts once. Bad input: 22023. Source: src/outbox/receive.rs';
COMMENT ON FUNCTION booking.requeue_job(uuid, uuid) IS
    'Has a discarded or withdrawn job done again, from its first attempt. False where there is none, its time has passed or another job does it. Source: src/outbox/manage.rs';
COMMENT ON FUNCTION booking.cancel_job(uuid, uuid) IS
    'Withdraws a job that is waiting. False where there is none: it is under way or finished. Source: src/outbox/manage.rs';

COMMENT ON FUNCTION booking.claim_events(text, integer, integer, boolean) IS
    'For couriers: up to p_limit (1 to 100) appointments whose events are to be brought into line, as claim_messages; one job of an appointment at a time. Delete what is in removals ([{"calendarId","eventId"}]), then make event_id in calendar_id equal to event: insert it where is_new, or else look first. Also ends bookings whose event did not come in time. Bad input: 22023. Source: src/outside_calendar/claim.rs';
COMMENT ON FUNCTION booking.finish_event(uuid, uuid, bigint, text, text, timestamptz, text[], boolean) IS
    'For couriers: the event is there, under p_event_id, with the provider''s p_etag and p_changed_at, and p_removed are gone. A booking that has waited for it is confirmed by that. False where the lease is not the latest: nothing was changed. Bad input: 22023. Source: src/outside_calendar/report.rs';
COMMENT ON FUNCTION booking.lost_event(uuid, uuid, bigint, text) IS
    'For couriers: somebody has deleted p_event_id, so that its id is used up. The job waits again, and its next claim brings another id. False where the lease is not the latest. Bad input: 22023. Source: src/outside_calendar/report.rs';
COMMENT ON FUNCTION booking.claim_syncs(text, integer, integer) IS
    'For couriers: up to p_limit calendars that are to be read, from sync_token, or from the beginning between time_min and time_max where that is NULL. A channel that is missing or ends soon is to be opened. Bad input: 22023. Source: src/outside_calendar/sync.rs';
COMMENT ON FUNCTION booking.apply_calendar_changes(uuid, text, bigint, jsonb) IS
    'For couriers: a page of what the calendar has listed. Writes who is busy, and returns {"busy","free","ours"}: each item of ours goes to calendar_event_changed. NULL where the lease is not the latest. Bad input: 22023. Source: src/outside_calendar/page.rs';
COMMENT ON FUNCTION booking.calendar_event_changed(uuid, text, bigint, jsonb) IS
    'For couriers: what the calendar tells of an event of ours. Where somebody has moved or deleted it, the appointment follows or is flagged, as set_calendar says, and booking.events tells of it. One that counts as deleted and is there is deleted again. Returns none, agreed, flagged, followed, restored or removed; NULL where the lease is not the latest. Bad input: 22023. Source: src/outside_calendar/changed.rs';
COMMENT ON FUNCTION booking.finish_sync(uuid, text, bigint, text) IS
    'For couriers: the calendar was read to its end, and goes on from p_sync_token. Returns {"ours"}: where a reading from the beginning has missed events of ours, these: ask the calendar for each, pass what it says (status missing: nothing) to calendar_event_changed, and call this again. NULL where the lease is not the latest. Bad input: 22023. Source: src/outside_calendar/sync.rs';
COMMENT ON FUNCTION booking.fail_sync(uuid, text, bigint, text, integer, boolean) IS
    'For couriers: the calendar could not be read; p_is_token_gone: it wants to be read from the beginning, at once. False where the lease is not the latest. Bad input: 22023. Source: src/outside_calendar/sync.rs';
COMMENT ON FUNCTION booking.watch_calendar(uuid, text, bigint, text, text, timestamptz) IS
    'For couriers: a channel is open by which the calendar tells of changes, until p_expires_at. False where the lease is not the latest. Bad input: 22023. Source: src/outside_calendar/watch.rs';
COMMENT ON FUNCTION booking.calendar_notified(uuid, text) IS
    'For couriers: a channel has told of a change, so its calendar is read at once. False where there is no such channel. Bad input: 22023. Source: src/outside_calendar/watch.rs';

COMMENT ON FUNCTION booking.connect_integration(uuid, text, text, bytea, bytea, jsonb, timestamptz) IS
    'For couriers: an account of an organization, with its secret sealed under the key p_key_id. p_settings: what is not secret (sender and per_second of twilio, account). Turns messages or the calendar on. Returns its version. Bad input or unknown organization: 22023. Source: src/integration/mod.rs';
COMMENT ON FUNCTION booking.disconnect_integration(uuid, text) IS
    'Forgets the secret of an account, and turns messages or the calendar off. False where there is none. Unknown provider: 22023. Source: src/integration/mod.rs';
COMMENT ON FUNCTION booking.replace_secret(uuid, text, bigint, text, bytea, bytea, timestamptz) IS
    'For couriers: a new secret after version p_version: refreshed access, or another key. Returns its version; NULL where there is a later one already. Bad input: 22023. Source: src/integration/secret.rs';
COMMENT ON FUNCTION booking.begin_refresh(uuid, text, bigint, integer) IS
    'For couriers: whether you are the one to refresh the access of version p_version, for p_seconds (1 to 300). Whoever is told false reads the row again in a moment. Bad input: 22023. Source: src/integration/secret.rs';
COMMENT ON FUNCTION booking.integration_checked(uuid, text, bigint, text, boolean) IS
    'For couriers: the account of version p_version was used. p_problem NULL: it works; p_is_lost: it is not accepted any more, and what needs it waits until it is connected again. booking.events tells when that changes. False where there is a later version. Bad input: 22023. Source: src/integration/secret.rs';
COMMENT ON FUNCTION booking.worker_heartbeat(text, text, jsonb, boolean) IS
    'For couriers: p_worker is at work, or leaves. Returns JSON: contract, the number of what couriers and the database agree on, and version. Bad input: invalid_request. Source: src/worker.rs';
COMMENT ON FUNCTION booking.add_busy_block(uuid, uuid, timestamptz, timestamptz, text) IS
    'Says that a resource is away from p_starts_at until p_ends_at, as an outside calendar knows it, and returns the id of the block. Every seat is taken; blocks may overlap each other and appointments, and cancel nothing. Bad input: 22023. Source: src/setup/busy_block.rs';
COMMENT ON FUNCTION booking.remove_busy_block(uuid, uuid) IS
    'Takes a busy block back. Whether there was one. Source: src/setup/busy_block.rs';

COMMENT ON FUNCTION booking.book_appointment_atomic(uuid, text, text, text, text, timestamptz, integer, uuid, text, jsonb) IS
    'Books, in the caller''s transaction. p_duration_minutes: 1 to 1440, NULL is the service''s, else 60; p_resource_id: NULL is any, least loaded of the day first; p_idempotency_key: same key and request, same answer. Returns JSON: success with appointmentId, contactId, resourceId, scheduledAt and endsAt (UTC) and message; or success false with error, message and, where time was the trouble, three alternatives. Raises 40001 where another transaction was first (above READ COMMITTED), 54000 where any of too many resources would be locked. The only function that books. Source: src/book';
COMMENT ON FUNCTION booking.book_series_atomic(uuid, text, text, text, text, timestamptz[], integer, uuid, text) IS
    'Books every one of p_times (1 to 200) for one patient, or none. Returns JSON: success with contactId and appointments, in the order of p_times; or success false with failed, which names each time that cannot be had, why, and three alternatives for it. Raises as book_appointment_atomic, and 23P01 where a writer without locks took a time at the same moment. Source: src/book/series.rs';
COMMENT ON FUNCTION booking.hold_slot(uuid, text, timestamptz, integer, uuid, integer) IS
    'Keeps a slot from everybody else for p_ttl_seconds (1 to 86400). Returns JSON with holdId and expiresAt, or a refusal as book_appointment_atomic. It expires by itself. Source: src/book/hold.rs';
COMMENT ON FUNCTION booking.confirm_hold(uuid, uuid, text, text, text) IS
    'Makes a hold the appointment of a patient, once. Returns JSON as book_appointment_atomic; hold_expired when it is over or was released, invalid_status when it was confirmed before. Source: src/change/confirm.rs';
COMMENT ON FUNCTION booking.release_hold(uuid, uuid) IS
    'Gives a hold up. Returns JSON; already_cancelled the second time, hold_expired when it is over, invalid_status when it was confirmed. Source: src/change/cancel.rs';
COMMENT ON FUNCTION booking.reschedule_appointment_atomic(uuid, uuid, timestamptz, integer, uuid) IS
    'Moves a pending or confirmed appointment in one statement, by the rules of its service today. p_duration_minutes, p_resource_id: NULL keeps what it has. Returns JSON as book_appointment_atomic; refused, the old time stays. Raises 23P01 (23505 for the last place in a daily limit) where a writer without locks, or, above READ COMMITTED, one that the snapshot does not show, took the new time. Source: src/change/reschedule.rs';
COMMENT ON FUNCTION booking.cancel_appointment(uuid, uuid, text) IS
    'Gives an appointment up; its seat is free when this commits. Returns JSON; already_cancelled the second time, invalid_status when it is over. Source: src/change/cancel.rs';
COMMENT ON FUNCTION booking.set_appointment_status(uuid, uuid, text) IS
    'Says how an appointment went: confirmed (from pending), completed or no_show (from confirmed). Returns JSON; what the state machine does not have is refused as invalid_status or already_cancelled. Source: core/src/status.rs';
COMMENT ON FUNCTION booking.is_as_seen(uuid, uuid, timestamptz, uuid, text) IS
    'For whoever changes what somebody has before them: whether the appointment still starts at p_starts_at, to the second, on p_resource_id, with p_status. Takes its lock, so that it stays so until the transaction ends: call it first, and then the function that changes. False too where there is no such appointment; NULL is never as seen. A hold that has expired is cancelled. Source: src/change/seen.rs';
COMMENT ON FUNCTION booking.appointment_status(uuid, uuid) IS
    'Where an appointment stands, as JSON: status, scheduledAt, endsAt (UTC), smsStatus, messageSid, calendarStatus, eventId. A hold that has expired shows as cancelled. Source: src/change/show.rs';
COMMENT ON FUNCTION booking.book_clinic_appointment(json) IS
    'Books from a voice agent''s direct tool call {"toolCallId","tool":{"arguments":{...}},"customer":{"number","metadata":{"org_id"}}} and returns {"toolCallId","result"}, whose message can be read aloud. Without a phone in the arguments, that of the customer serves. The organization is never read from the arguments. Not keyed: the same call again is a second attempt. Source: src/direct_tool.rs';

COMMENT ON FUNCTION booking.available_slots(uuid, timestamptz, timestamptz, text, integer, uuid) IS
    'The free times that start in [p_from, p_to), on the grid of the service (30 minutes from local midnight without one), within opening hours, notice and horizon; one row per time and resource, ordered. p_duration_minutes: NULL is the service''s, else 60; p_resource_id: NULL is all. At most 366 days. Bad input or unknown organization: 22023. Source: src/look.rs';
COMMENT ON FUNCTION booking.check_availability(uuid, text, text, integer) IS
    'The free times of a day in words (2026-01-21, tomorrow, next Tuesday) as JSON: {"success","date","timezone","slots":["09:00",...],"message"}, local to the organization. A refused date is success false. Source: src/look.rs';
COMMENT ON FUNCTION booking.find_alternatives(uuid, timestamptz, integer, text, uuid, integer) IS
    'The p_count (1 to 50) nearest free times to p_scheduled_at, that one left out: within three hours, later first of two equally near, then the rest of that day, then the following days. Bad input or unknown organization: 22023. Source: core/src/alternatives.rs';

COMMENT ON FUNCTION booking.health() IS
    'One JSON line for a monitor: healthy, version (of the library), schemaVersion, preloaded, how many booking functions there are (1), tables without row level security (0), exclusionConstraint, overlapping appointments the outbox (due, oldestSeconds, discarded), workers (alive, lastSeenSeconds) and integrations (connected, lost), null without the right to read them. Sorts all occupying appointments: ask it every minute, not every second. Source: src/health.rs';

COMMENT ON FUNCTION booking.grant_member(regrole) IS
    'Grants p_role what books, looks, holds, moves and cancels, and the rows it writes: for people of an organization and for voice agents. No role: 22023; the caller must be allowed to grant. Source: sql/functions/grants.sql';
COMMENT ON FUNCTION booking.grant_backend(regrole) IS
    'Grants p_role what grant_member does, and what sets organizations, resources, services, hours and busy blocks up. No role: 22023; the caller must be allowed to grant. Source: sql/functions/grants.sql';
COMMENT ON FUNCTION booking.grant_worker(regrole) IS
    'Grants p_role what the courier needs: jobs, messages, events, calendars and accounts, and to move, cancel and mark appointments. No role: 22023; the caller must be allowed to grant. Source: sql/functions/grants.sql';

COMMENT ON FUNCTION booking.purge(interval) IS
    'Deletes what has served its time and is older than p_older_than: idempotency keys, holds that were never confirmed, finished jobs, events, closed follow-ups, messages in call_messages, and workers not heard of since; call_logs stay. Returns JSON with how many. Not more than nothing: invalid_request. Source: src/purge.rs';
COMMENT ON FUNCTION booking.erase_contact(uuid, text) IS
    'Erases one person, found by phone: the contact, the names and metadata of its appointments, the kept answers that name it, its messages and follow-ups, and what was said in calls that it made or that were about it. Appointments to come are cancelled; those that were stay, of nobody. Returns JSON with how many appointments and how many of them were cancelled; contact_not_found where there is none. Source: src/erase.rs';
COMMENT ON FUNCTION booking.clean_organization(uuid, text) IS
    'Deletes every appointment, hold, contact, message, follow-up and idempotency key of an organization; p_confirm must be its name. Resources, services, hours and busy blocks stay. Returns JSON with how many. For when nobody books. Source: src/erase.rs';
