"""Writes all mails of a mailbox to standard output, each behind its length: host port authorities certificate user
password; without TLS"""
import poplib
import sys

# By default a line of more than 2048 octets ends the session: a limit of this library, not of the protocol.
poplib._MAXLINE = 1 << 24
host, port, _, _, user, password = sys.argv[1:]
pop3 = poplib.POP3(host, int(port), timeout=80)
pop3.user(user)
pop3.pass_(password)
count, _ = pop3.stat()
for number in range(1, count + 1):
    _, lines, _ = pop3.retr(number)
    mail = b"".join(line + b"\r\n" for line in lines)
    sys.stdout.buffer.write(b"%d\n" % len(mail) + mail)
pop3.quit()
