//! A port that closes and opens again: [`Port`].

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;

use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

use crate::lock::lock;

/// A port of 127.0.0.1 that the system chose. It closes for good when it is dropped.
///
/// ```
/// use kim_testbed::{Testbed, TestbedConfig};
/// use tokio::net::TcpStream;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let testbed = Testbed::start(TestbedConfig::default()).await?;
/// let port = testbed.ldap_port();
/// port.close().await?;
/// assert!(TcpStream::connect(port.address()).await.is_err());
/// port.open()?;
/// assert!(TcpStream::connect(port.address()).await.is_ok());
/// # std::io::Result::Ok(())
/// # })?;
/// # std::io::Result::Ok(())
/// ```
///
/// Spec: none — a tool for tests.
pub struct Port {
    address: SocketAddr,
    serve: Box<dyn Fn(TcpListener) -> JoinHandle<()> + Send + Sync>,
    state: Mutex<State>,
}

/// Open or closed; neither only while it changes.
#[derive(Default)]
struct State {
    serving: Option<JoinHandle<()>>,
    /// Keeps the number, so that nobody else gets it.
    reserved: Option<TcpSocket>,
}

impl Port {
    /// Opens any port and serves it.
    ///
    /// # Errors
    /// There is none.
    pub(crate) async fn open_any<F>(
        serve: impl Fn(TcpListener) -> F + Send + Sync + 'static,
    ) -> io::Result<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let serve = move |listener| tokio::spawn(serve(listener));
        let state = State { serving: Some(serve(listener)), reserved: None };
        Ok(Self { address, serve: Box::new(serve), state: Mutex::new(state) })
    }

    /// Where it is, open or not.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the port, as if the machine were off: connections end, new ones are refused. What is closed stays so.
    ///
    /// # Errors
    /// The system does not let the port be kept.
    pub async fn close(&self) -> io::Result<()> {
        let Some(serving) = lock(&self.state).serving.take() else { return Ok(()) };
        serving.abort();
        // With the task the listener is gone.
        let _ = serving.await;
        let reserved = TcpSocket::new_v4()?;
        // Elsewhere connections that are about to end would keep the port; on Windows this would mean something else.
        #[cfg(not(windows))]
        reserved.set_reuseaddr(true)?;
        reserved.bind(self.address)?;
        lock(&self.state).reserved = Some(reserved);
        Ok(())
    }

    /// Opens the port again. What is open stays so.
    ///
    /// # Errors
    /// The system does not let the port be opened.
    pub fn open(&self) -> io::Result<()> {
        let mut state = lock(&self.state);
        if let Some(reserved) = state.reserved.take() {
            state.serving = Some((self.serve)(reserved.listen(1024)?));
        }
        Ok(())
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        if let Some(serving) = lock(&self.state).serving.take() {
            serving.abort();
        }
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Port({})", self.address)
    }
}
