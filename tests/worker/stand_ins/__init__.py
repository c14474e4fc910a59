"""Servers on the loopback that answer as Twilio and Google do, keep what they were told, and fail when a test says so."""
