//! Connecting to a broker without waiting.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};

use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::net::{AddressFamily, SocketType, connect, ipproto, socket};

/// The addresses of `host:port`, or of several with commas, in the order in which they are tried.
pub fn resolve(names: &str) -> io::Result<Vec<SocketAddr>> {
    let mut addresses = Vec::new();
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        addresses.extend(name.to_socket_addrs()?);
    }
    if addresses.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("no address in \"{names}\"")));
    }
    Ok(addresses)
}

/// A socket that connects to the first of `addresses` that does not fail at once; `addresses` keeps those after it.
pub fn dial(addresses: &mut Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    while !addresses.is_empty() {
        match begin(addresses.remove(0)) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn begin(address: SocketAddr) -> io::Result<TcpStream> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let descriptor = socket(family, SocketType::STREAM, Some(ipproto::TCP))?;
    // Not for the children.
    fcntl_setfd(&descriptor, FdFlags::CLOEXEC)?;
    let stream = TcpStream::from(descriptor);
    stream.set_nonblocking(true)?;
    stream.set_nodelay(true)?;
    match connect(&stream, &address) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(stream),
        Err(error) => Err(error.into()),
    }
}
