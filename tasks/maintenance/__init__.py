"""The queue for what moves no money and mails nobody."""
