//! Generated servers behind TLS: [`serve`].

use std::io::{self, BufRead as _, BufReader, Read as _, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use kim_testbed::Testbed;
use kim_testbed::pki::{CertificateType, Holder, KeyType, Role};
use openssl::ssl::{SslAcceptor, SslMethod};

use crate::server::{Exchange, Generated, Request};

/// What was refused, and why.
pub(crate) type Refused = Arc<Mutex<Vec<String>>>;

/// Serves requests one after the other, with the certificate of a Fachdienst, to the end of the process.
pub(crate) fn serve(listener: TcpListener, testbed: &Testbed, servers: Vec<Arc<Generated>>) -> Refused {
    let pki = testbed.world().pki();
    let holder = Holder::service(testbed.fachdienst_name(), Role::FACHDIENST);
    let identity = pki.issue(CertificateType::FdTlsS, KeyType::NistP256, &holder);
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    acceptor.set_private_key(&identity.key).unwrap();
    acceptor.set_certificate(&identity.certificate).unwrap();
    for certificate in pki.chain_of(&identity.certificate) {
        acceptor.add_extra_chain_cert(certificate).unwrap();
    }
    let (acceptor, refused) = (acceptor.build(), Refused::default());
    let log = refused.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let result = acceptor.accept(stream.unwrap()).map_err(io::Error::other);
            if let Err(error) = result.and_then(|stream| exchange(stream, &servers, &log)) {
                log.lock().unwrap().push(error.to_string());
            }
        }
    });
    refused
}

/// Reads one request, answers it, and ends the connection.
fn exchange(stream: impl io::Read + Write, servers: &[Arc<Generated>], refused: &Refused) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let (first, fields) = lines.split_first().ok_or(io::ErrorKind::UnexpectedEof)?;
    let (method, rest) = first.split_once(' ').ok_or(io::ErrorKind::InvalidData)?;
    let path = rest.strip_suffix(" HTTP/1.1").ok_or(io::ErrorKind::InvalidData)?;
    let fields: Vec<(&str, &str)> = fields.iter().filter_map(|field| field.split_once(": ")).collect();
    let length = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    stream.read_exact(&mut body)?;

    let fields = fields.into_iter().map(|(name, value)| (name, value.to_owned()));
    let request = Request::new(method, &format!("https://generated{path}"), fields, body);
    let server = servers.iter().find(|server| path.starts_with(server.base()));
    let answer = server.ok_or("no such server".to_owned()).and_then(|server| server.handle(&request));
    let Exchange { status, body } = answer.unwrap_or_else(|why| {
        refused.lock().unwrap().push(format!("{first}: {why}"));
        Exchange { status: 400, body: Vec::new() }
    });
    let stream = stream.get_mut();
    write!(stream, "HTTP/1.1 {status} Generated\r\nConnection: close\r\n")?;
    // The file says nothing about the length of what GET would answer, so neither does the answer to HEAD.
    if method != "HEAD" {
        write!(stream, "Content-Length: {}\r\n", body.len())?;
    }
    stream.write_all(b"\r\n")?;
    stream.write_all(&body)?;
    stream.flush()
}
