"""Fetches the only mail of a mailbox, deletes it and writes it to standard output: host port authorities certificate user
password"""
import poplib
import ssl
import sys

host, port, authorities, certificate, user, password = sys.argv[1:]
if authorities:
    context = ssl.create_default_context(cafile=authorities)
    if certificate:
        context.load_cert_chain(certificate)
    pop3 = poplib.POP3_SSL(host, int(port), timeout=80, context=context)
else:
    pop3 = poplib.POP3(host, int(port), timeout=80)
pop3.user(user)
pop3.pass_(password)
_, lines, _ = pop3.retr(1)
pop3.dele(1)
pop3.quit()
sys.stdout.buffer.write(b"".join(line + b"\r\n" for line in lines))
