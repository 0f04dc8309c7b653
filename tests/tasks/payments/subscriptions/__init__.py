"""Subscriptions that we bill: any order of wishes, payments, failures and time."""
