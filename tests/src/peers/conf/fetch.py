"""Fetches the only mail of a mailbox, deletes it and writes it to standard output: host port user password"""
import poplib
import sys

host, port, user, password = sys.argv[1:]
pop3 = poplib.POP3(host, int(port), timeout=80)
pop3.user(user)
pop3.pass_(password)
_, lines, _ = pop3.retr(1)
pop3.dele(1)
pop3.quit()
sys.stdout.buffer.write(b"".join(line + b"\r\n" for line in lines))
