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
    'Makes something that can be booked - a person, a room, a class - and returns its id. p_capacity: appointments at the same time, 1 to 1000. Bad input or unknown organization: 22023. Source: src/setup.rs';

COMMENT ON FUNCTION booking.book_appointment_atomic(uuid, text, text, text, text, timestamptz, integer, uuid, text, jsonb) IS
    'Books, in the caller''s transaction. p_duration_minutes: 1 to 1440, NULL is 60; p_resource_id: NULL is any, least loaded of the day first; p_idempotency_key: same key and request, same answer. Returns JSON: success with appointmentId, contactId, resourceId, scheduledAt and endsAt (UTC) and message; or success false with error, message and, where time was the trouble, three alternatives. Raises 40001 where another transaction was first (above READ COMMITTED), 54000 where any of too many resources would be locked. The only function that books. Source: src/book';
COMMENT ON FUNCTION booking.book_clinic_appointment(json) IS
    'Books from a voice agent''s direct tool call {"toolCallId","tool":{"arguments":{...}},"customer":{"metadata":{"org_id"}}} and returns {"toolCallId","result"}, whose message can be read aloud. The organization is never read from the arguments. Not keyed: the same call again is a second attempt. Source: src/direct_tool.rs';

COMMENT ON FUNCTION booking.available_slots(uuid, timestamptz, timestamptz, text, integer, uuid) IS
    'The free times that start in [p_from, p_to), on a grid of 30 minutes from local midnight, never in the past; one row per time and resource, ordered. p_duration_minutes: NULL is 60; p_resource_id: NULL is all. At most 366 days. Bad input or unknown organization: 22023. Source: src/look.rs';
COMMENT ON FUNCTION booking.check_availability(uuid, text, text, integer) IS
    'The free times of a day in words (2026-01-21, tomorrow, next Tuesday) as JSON: {"success","date","timezone","slots":["09:00",...],"message"}, local to the organization. A refused date is success false. Source: src/look.rs';
COMMENT ON FUNCTION booking.find_alternatives(uuid, timestamptz, integer, text, uuid, integer) IS
    'The p_count (1 to 50) nearest free times to p_scheduled_at, that one left out: within three hours, later first of two equally near, then the following days. Bad input or unknown organization: 22023. Source: core/src/alternatives.rs';

COMMENT ON FUNCTION booking.health() IS
    'One JSON line for a monitor: healthy, version, how many booking functions there are (1), tables without row level security (0), overlapping appointments (0; null without the right to read them). Sorts all occupying appointments: ask it every minute, not every second. Source: src/health.rs';
