//! One connection of the front: TLS, then requests one after the other, each handed to the server over a
//! connection of its own. A side that ends ends the other.

use super::bounds::Bounds;
use super::early::Early;
use super::places::{Busy, Place};
use http_body_util::{Either, Full};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{
    CONNECTION, CONTENT_TYPE, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, client, server};
use hyper_util::rt::{TokioIo, TokioTimer};
use openssl::ssl::{Ssl, SslAcceptor};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_openssl::SslStream;

/// A peer that acknowledges nothing for this long is gone, milliseconds.
const UNACKNOWLEDGED: u32 = 60_000;
/// A peer that says nothing is asked after this time, and then in turns until it counts as gone.
const ASK_AFTER: Duration = Duration::from_secs(60);
/// Time for the server to take a connection; it may be starting.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest head of a request, bytes, and what is read ahead.
const BUFFER: usize = 64 << 10;

/// Settings that all connections share.
pub struct Way {
    pub acceptor: SslAcceptor,
    pub server: SocketAddr,
    pub bounds: Bounds,
}

/// Serves one connection; nobody is told of a failed one.
pub async fn connection(way: Arc<Way>, stream: TcpStream, place: Place) {
    tokio::select! {
        () = serve(&way, stream, &place) => {}
        () = place.given_up() => {}
    }
}

async fn serve(way: &Way, stream: TcpStream, place: &Place) {
    prepare(&stream);
    // Without its server the port is as good as closed. A balancer takes that for a host that is gone, and asks it no more;
    // after an answer of ours it would ask again, as this host has the fewest requests.
    if !is_there(way.server).await {
        return;
    }
    let Ok(ssl) = Ssl::new(way.acceptor.context()) else { return };
    let Ok(mut tls) = SslStream::new(ssl, stream) else { return };
    let Ok(Ok(())) = timeout(way.bounds.handshake, Pin::new(&mut tls).accept()).await else { return };
    let mut client = TimeoutStream::new(tls);
    client.set_write_timeout(Some(way.bounds.stall));
    let service = service_fn(|request| async move {
        let busy = place.busy();
        Ok::<_, Infallible>(hand_on(way, request, busy).await)
    });
    let _ = server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(way.bounds.head)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(Box::pin(client)), service)
        .await;
}

/// Whether the server takes connections.
async fn is_there(server: SocketAddr) -> bool {
    matches!(timeout(CONNECT, TcpStream::connect(server)).await, Ok(Ok(_)))
}

fn prepare(stream: &TcpStream) {
    use rustix::net::sockopt;
    let _ = stream.set_nodelay(true);
    let _ = sockopt::set_tcp_user_timeout(stream, UNACKNOWLEDGED);
    let _ = sockopt::set_tcp_keepidle(stream, ASK_AFTER);
    let _ = sockopt::set_tcp_keepintvl(stream, ASK_AFTER / 4);
    let _ = sockopt::set_tcp_keepcnt(stream, 4);
    let _ = sockopt::set_socket_keepalive(stream, true);
}

type Answered = Response<Either<Answer, Full<Bytes>>>;

/// Hands a request to the server and its answer back.
async fn hand_on(way: &Way, request: Request<Incoming>, busy: Busy) -> Answered {
    let Ok(Ok(stream)) = timeout(CONNECT, TcpStream::connect(way.server)).await else {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "the model server takes no connection");
    };
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_read_timeout(Some(way.bounds.silence));
    let handshake = client::conn::http1::handshake(TokioIo::new(Early::new(Box::pin(stream)))).await;
    let Ok((mut server, connection)) = handshake else {
        return refusal(StatusCode::BAD_GATEWAY, "the model server takes no request");
    };
    let server_side = Task(tokio::spawn(async move {
        let _ = connection.await;
    }));
    match server.send_request(for_server(request, way.bounds)).await {
        Ok(response) => {
            let (mut head, inner) = response.into_parts();
            end_to_end(&mut head.headers);
            Response::from_parts(head, Either::Left(Answer { inner, _busy: busy, _server_side: server_side }))
        }
        Err(error) if error.is_user() => refusal(StatusCode::REQUEST_TIMEOUT, "the request came too slowly"),
        Err(_) => refusal(StatusCode::BAD_GATEWAY, "the model server ended without an answer"),
    }
}

/// Returns the request as the server gets it, on a connection for it alone.
fn for_server(request: Request<Incoming>, bounds: Bounds) -> Request<Upload> {
    let (mut head, inner) = request.into_parts();
    end_to_end(&mut head.headers);
    // hyper has asked the client for the body already.
    head.headers.remove(EXPECT);
    head.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    // A whole address as the target is the same request.
    if let Some(authority) = head.uri.authority().cloned() {
        if let Ok(host) = HeaderValue::from_str(authority.as_str()) {
            head.headers.insert(HOST, host);
        }
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).parse();
        head.uri = path.unwrap_or_default();
    }
    Request::from_parts(head, Upload::new(inner, bounds))
}

/// Takes away what is for one connection only (RFC 9110, 7.6.1); hyper frames the body itself.
fn end_to_end(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    let of_one =
        [CONNECTION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];
    for name in named.iter().chain(&of_one).chain(&[HeaderName::from_static("keep-alive")]) {
        headers.remove(name);
    }
}

/// Returns an error in the form of the server's own.
fn refusal(status: StatusCode, message: &str) -> Answered {
    let error = serde_json::json!({
        "error": {"code": status.as_u16(), "message": message, "type": "unavailable_error"},
    });
    let mut response = Response::new(Either::Right(Full::from(error.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A task that is aborted when this is dropped.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Answer of the server as it arrives. Dropping it, when the client has gone, ends the server's side.
struct Answer {
    inner: Incoming,
    _busy: Busy,
    _server_side: Task,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Body that the client sends; ends with an error if the client is too slow.
struct Upload {
    inner: Incoming,
    bounds: Bounds,
    start: Instant,
    received: u64,
    limit: Option<Pin<Box<Sleep>>>,
}

impl Upload {
    fn new(inner: Incoming, bounds: Bounds) -> Upload {
        Upload { inner, bounds, start: Instant::now(), received: 0, limit: None }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            this.limit = None;
            let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
            this.received += data.map_or(0, |data| data.len() as u64);
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let (start, received, bounds) = (this.start, this.received, this.bounds);
        let limit = this.limit.get_or_insert_with(|| {
            Box::pin(tokio::time::sleep(bounds.next_piece(received, start.elapsed())))
        });
        match limit.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into()))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_one_connection_go_no_further() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, X-Mine"),
            ("x-mine", "1"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("te", "trailers"),
            ("authorization", "Bearer x"),
            ("content-length", "3"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        end_to_end(&mut headers);
        let left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(left.len(), 2, "{left:?}");
        assert!(headers.contains_key("authorization") && headers.contains_key("content-length"));
    }
}
