"""Zoom on the queue `maintenance`: it moves no money and mails nobody; a webinar's burst of joins delays no payment."""
