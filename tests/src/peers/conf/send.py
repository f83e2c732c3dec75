"""Sends the mail on standard input: host port user password from to..."""
import smtplib
import sys

host, port, user, password, sender, *recipients = sys.argv[1:]
with smtplib.SMTP(host, int(port), local_hostname="client.invalid", timeout=80) as smtp:
    smtp.login(user, password)
    refused = smtp.sendmail(sender, recipients, sys.stdin.buffer.read())
    sys.exit(str(refused) if refused else 0)
