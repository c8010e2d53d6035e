"""Sending one e-mail through SMTP (TRAINHUB_SMTP_URL): plain text, UTF-8, STARTTLS wherever the server offers it."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

TIMEOUT_SECONDS = 20


class Unreachable(OSError):
    """The server, not this e-mail, is the trouble: the next would wait as long and fare no better."""

    def __init__(self, why: Exception) -> None:
        super().__init__(f"{type(why).__name__}: {why}")


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
        made: smtplib.SMTP | None = None
        try:
            if self.parts.scheme == "smtps":
                made = smtplib.SMTP_SSL(host, self.parts.port or 465, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
            else:
                made = smtplib.SMTP(host, self.parts.port or 587, timeout=TIMEOUT_SECONDS)
                made.ehlo()
                if made.has_extn("starttls"):
                    made.starttls(context=ssl.create_default_context())
                    made.ehlo()
            if self.parts.username:
                made.login(unquote(self.parts.username), unquote(self.parts.password or ""))
        except (OSError, ValueError) as error:  # a password that is not ASCII is a ValueError
            if made is not None:
                made.close()
            raise Unreachable(error) from error
        self.connection = made
        return made

    def send(self, address: str, subject: str, text: str) -> None:
        """Send one message. Raises Unreachable when no message could go, smtplib.SMTPException, OSError or ValueError when this one did not.

        A connection that breaks after it took others is no sign of that: servers take only so many by one.
        """
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.mail_from, address, subject
        message["Date"], message["Message-ID"] = formatdate(localtime=False), make_msgid(domain=self.mail_from.rpartition("@")[2].strip(">") or None)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        is_first = self.connection is None
        connection = self._connected()
        try:
            connection.send_message(message)
        except (OSError, ValueError) as error:
            self.close()
            is_answer = isinstance(error, (smtplib.SMTPException, ValueError)) and not isinstance(error, smtplib.SMTPServerDisconnected)
            if is_first and not is_answer:
                raise Unreachable(error) from error
            raise

    def close(self) -> None:
        """End the connection, whatever its state."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
