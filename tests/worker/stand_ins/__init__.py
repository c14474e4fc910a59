"""Servers on the loopback that answer as Twilio, Google and Vapi do, keep what they were told, and fail when a test says so."""
