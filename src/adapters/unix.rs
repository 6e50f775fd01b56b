//! Questions over a Unix socket: HTTP and JSON, one after the other on one connection.

use std::io;
use std::path::Path;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;

/// A connection to whoever listens there.
#[derive(Debug)]
pub struct Caller {
    sender: SendRequest<Full<Bytes>>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Fault {
    /// Nobody can be reached there.
    Connect(io::Error),
    /// What is asked for is no path.
    Path(String),
    /// The connection or the answer broke off.
    Broken(String),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Connect(error) => write!(f, "nobody answers: {error}"),
            Self::Path(say) | Self::Broken(say) => f.write_str(say),
        }
    }
}

impl Caller {
    /// Connects. It lasts for as long as this and the other side do.
    ///
    /// # Errors
    /// [`Fault::Connect`], and [`Fault::Broken`] where the other side hangs up at once.
    pub async fn connect(socket: &Path) -> Result<Self, Fault> {
        Self::over(UnixStream::connect(socket).await.map_err(Fault::Connect)?).await
    }

    /// The same over a connection that there is.
    ///
    /// # Errors
    /// [`Fault::Broken`] where the other side hangs up at once.
    pub async fn over<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S) -> Result<Self, Fault> {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Asks, and reads the answer up to `most` bytes: its status and its body.
    ///
    /// # Errors
    /// [`Fault::Path`] and [`Fault::Broken`].
    pub async fn ask(
        &mut self,
        (method, path): (Method, &str),
        body: Bytes,
        most: usize,
    ) -> Result<(u16, Bytes), Fault> {
        let request = Request::builder().method(method).uri(path).header("host", "wattloop");
        let request = request.header("content-type", "application/json").body(Full::new(body));
        let request = request.map_err(|e| Fault::Path(format!("`{path}` is no name: {e}")))?;
        self.send(request, most).await
    }

    /// Sends a request, and reads the answer up to `most` bytes: its status and its body.
    ///
    /// # Errors
    /// [`Fault::Broken`].
    pub async fn send(&mut self, request: Request<Full<Bytes>>, most: usize) -> Result<(u16, Bytes), Fault> {
        self.sender.ready().await.map_err(broken)?;
        let answer = self.sender.send_request(request).await.map_err(broken)?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), most).collect().await;
        Ok((status, body.map_err(|e| Fault::Broken(format!("the answer broke off: {e}")))?.to_bytes()))
    }
}

fn broken(error: hyper::Error) -> Fault {
    Fault::Broken(format!("the other side has hung up: {error}"))
}
