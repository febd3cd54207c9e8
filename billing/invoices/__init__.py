"""Invoices and credit notes: numbered without gaps, immutable, in public with a nullable seller."""
