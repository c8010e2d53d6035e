"""Sending one e-mail through SMTP (TRAINHUB_SMTP_URL): plain text, UTF-8, STARTTLS wherever the server offers it."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

TIMEOUT_SECONDS = 20


class Mailer:
    """One connection for a batch of messages."""

    def __init__(self, smtp_url: str, mail_from: str) -> None:
        self.parts = urlsplit(smtp_url)
        self.mail_from = mail_from
        self.connection: smtplib.SMTP | None = None

    def _connected(self) -> smtplib.SMTP:
        if self.connection is not None:
            return self.connection
        host = self.parts.hostname or "localhost"
        if self.parts.scheme == "smtps":
            made: smtplib.SMTP = smtplib.SMTP_SSL(host, self.parts.port or 465, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
        else:
            made = smtplib.SMTP(host, self.parts.port or 587, timeout=TIMEOUT_SECONDS)
            made.ehlo()
            if made.has_extn("starttls"):
                made.starttls(context=ssl.create_default_context())
                made.ehlo()
        if self.parts.username:
            made.login(unquote(self.parts.username), unquote(self.parts.password or ""))
        self.connection = made
        return made

    def send(self, address: str, subject: str, text: str) -> None:
        """Send one message. Raises smtplib.SMTPException or OSError."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.mail_from, address, subject
        message["Date"], message["Message-ID"] = formatdate(localtime=False), make_msgid(domain=self.mail_from.rpartition("@")[2].strip(">") or None)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        try:
            self._connected().send_message(message)
        except (smtplib.SMTPException, OSError):
            self.close()
            raise

    def close(self) -> None:
        """End the connection, whatever its state."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
