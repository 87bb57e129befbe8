"""Plays every role against a running server, over HTTP like any client, and checks each answer."""
