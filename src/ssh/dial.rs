//! TCP connections, as AddressFamily, BindAddress and BindInterface say.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use super::proxy::Socket;
use super::resolve;
use super::settings::{Family, Settings};
use super::wire::Deadline;
use crate::error::{Failure, Result};

/// The addresses of the host that may be tried.
///
/// # Errors
/// Exit 1 where there is none.
pub(super) fn addresses(settings: &Settings) -> Result<Vec<SocketAddr>> {
    let mut addresses = resolve::resolve(&settings.host, settings.port)?;
    let (fits, wanted): (fn(&SocketAddr) -> bool, _) = match settings.family {
        Family::Any => return Ok(addresses),
        Family::V4 => (SocketAddr::is_ipv4, "inet"),
        Family::V6 => (SocketAddr::is_ipv6, "inet6"),
    };
    addresses.retain(fits);
    if addresses.is_empty() {
        let (host, kind) = (&settings.host, if wanted == "inet" { "IPv4" } else { "IPv6" });
        return Err(Failure::failed(format!("{host} has no {kind} address"))
            .hint(format!("the SSH configuration wants one (AddressFamily {wanted})"))
            .into());
    }
    Ok(addresses)
}

/// A TCP connection.
pub(super) fn dial(addresses: &[SocketAddr], place: &str, settings: &Settings) -> Result<Socket> {
    let stream = reach(addresses, place, settings)?;
    // Best effort: without them it is slower, or notices a dead network later.
    let _ = stream.set_nodelay(true);
    let unacknowledged = settings.io_timeout.as_millis().min(u32::MAX.into()) as u32;
    let _ = rustix::net::sockopt::set_tcp_user_timeout(&stream, unacknowledged);
    Ok(Arc::new(stream.into()))
}

/// Connects to the first address that answers. Each gets its share of what is left of `limit`.
fn reach(addresses: &[SocketAddr], place: &str, settings: &Settings) -> Result<TcpStream> {
    let limit = settings.connect_timeout;
    let deadline = Deadline::after(limit);
    let mut last: Option<(SocketAddr, io::Error)> = None;
    for (index, address) in addresses.iter().enumerate() {
        let share = deadline.left() / (addresses.len() - index) as u32;
        if share.is_zero() {
            break;
        }
        match connect(*address, share, settings) {
            Ok(stream) => return Ok(stream),
            Err(error) => {
                tracing::debug!("{place}: {address} cannot be reached: {error}");
                last = Some((*address, error));
            }
        }
    }
    let Some((address, error)) = last else {
        return Err(Failure::failed(format!("{place} was not tried: the time limit is zero")).into());
    };
    let through = if place.contains(&address.ip().to_string()) {
        String::new()
    } else {
        format!(" ({})", address.ip())
    };
    let place = format!("{place}{through}");
    let (message, hint) = match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            (english!("error-refused-connection", place = place), english!("hint-refused-connection"))
        }
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            let seconds = limit.as_secs_f64().to_string();
            (english!("error-no-answer", place = place, version = seconds), english!("hint-no-answer"))
        }
        _ => (
            english!("error-unreachable", place = place, why = error.to_string()),
            english!("hint-unreachable"),
        ),
    };
    Err(Failure::failed(message).hint(hint).into())
}

/// A connection from where the configuration says.
fn connect(address: SocketAddr, limit: Duration, settings: &Settings) -> io::Result<TcpStream> {
    let (here, interface) = (&settings.bind_address, &settings.bind_interface);
    if here.is_none() && interface.is_none() {
        return TcpStream::connect_timeout(&address, limit);
    }
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
    if let Some(interface) = interface {
        socket
            .bind_device(Some(interface.as_bytes()))
            .map_err(|error| named("BindInterface", interface, error))?;
    }
    if let Some(here) = here {
        let found = resolve::resolve(here, 0).map_err(io::Error::other)?;
        let fitting = found.iter().find(|here| here.is_ipv4() == address.is_ipv4());
        let none =
            || io::Error::other(format!("BindAddress {here} is of another kind than {}", address.ip()));
        socket
            .bind(&(*fitting.ok_or_else(none)?).into())
            .map_err(|error| named("BindAddress", here, error))?;
    }
    socket.connect_timeout(&address.into(), limit)?;
    Ok(socket.into())
}

fn named(keyword: &str, value: &str, error: io::Error) -> io::Error {
    io::Error::other(format!("{keyword} {value}: {error}"))
}
