"""Checks a list of incoming invoices before it goes to accounting."""
