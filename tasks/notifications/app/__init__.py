"""Commands about access: links in mails, sessions, logins."""
