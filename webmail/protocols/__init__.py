"""IMAP, POP3 and SMTP as this product speaks them: plain Python, values in, values out.

Nothing here knows Django, models, settings or translation.  Every failure leaves as a
`webmail.protocols.errors.MailServerError` with a stable `code`.
"""
