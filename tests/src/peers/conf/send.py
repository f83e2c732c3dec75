"""Sends the mail on standard input: host port authorities certificate user password from to..."""
import smtplib
import ssl
import sys

host, port, authorities, certificate, user, password, sender, *recipients = sys.argv[1:]
options = {"local_hostname": "client.invalid", "timeout": 80}
if authorities:
    context = ssl.create_default_context(cafile=authorities)
    if certificate:
        context.load_cert_chain(certificate)
    connection = smtplib.SMTP_SSL(host, int(port), context=context, **options)
else:
    connection = smtplib.SMTP(host, int(port), **options)
with connection as smtp:
    smtp.login(user, password)
    refused = smtp.sendmail(sender, recipients, sys.stdin.buffer.read())
    sys.exit(str(refused) if refused else 0)
