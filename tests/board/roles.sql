-- The roles of the tests: the worker's, a front desk's with what it may do beyond a member, one that only looks, and one that loses it.
SET client_min_messages = warning;
DROP ROLE IF EXISTS booking_board_worker, booking_front_desk, booking_onlooker, booking_passing;
CREATE ROLE booking_board_worker LOGIN BYPASSRLS;
CREATE ROLE booking_front_desk;
CREATE ROLE booking_onlooker;
CREATE ROLE booking_passing;
SELECT booking.grant_worker('booking_board_worker'), booking.grant_member('booking_front_desk') \g /dev/null
GRANT EXECUTE ON FUNCTION booking.requeue_job, booking.cancel_job TO booking_front_desk;
GRANT EXECUTE ON FUNCTION booking.agenda, booking.read_events TO booking_onlooker, booking_passing;
