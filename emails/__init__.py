"""Words that go out: which mails there are, and how each becomes a subject, a text and an HTML part."""
