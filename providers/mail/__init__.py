"""Mail over SMTP: composing one message to one person, and handing it to the server of `BURSAR_SMTP_URL`."""
