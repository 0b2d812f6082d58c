//! The UDP socket under the stack: packets of strangers, and packets that break the parser, never reach it.

use std::future::Future;
use std::net::SocketAddr;
use std::panic::catch_unwind;
use std::pin::Pin;
use std::sync::Arc;

use rsipstack::platform::net::UdpSocket;
use rsipstack::sip::SipMessage;

use super::gate::Gate;

/// A UDP socket with a gate.
pub(super) struct GatedSocket {
    pub(super) socket: tokio::net::UdpSocket,
    pub(super) gate: Arc<Gate>,
}

impl GatedSocket {
    async fn receive(&self, buffer: &mut [u8]) -> rsipstack::Result<(usize, SocketAddr)> {
        loop {
            let (n, source) = self.socket.recv_from(buffer).await?;
            if self.gate.admits(source.ip()).await && is_harmless(&buffer[..n]) {
                return Ok((n, source));
            }
        }
    }
}

/// Whether the parser takes this packet without breaking: a panic in the stack's own loop would end all listening.
pub(super) fn is_harmless(packet: &[u8]) -> bool {
    catch_unwind(|| drop(SipMessage::try_from(packet))).is_ok()
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = rsipstack::Result<T>> + Send + 'a>>;

impl UdpSocket for GatedSocket {
    fn recv_from<'a, 'b, 'c>(&'a self, buffer: &'b mut [u8]) -> Answer<'c, (usize, SocketAddr)>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(self.receive(buffer))
    }

    fn send_to<'a, 'b, 'c>(&'a self, bytes: &'b [u8], to: SocketAddr) -> Answer<'c, usize>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(async move { Ok(self.socket.send_to(bytes, to).await?) })
    }

    fn local_addr(&self) -> rsipstack::Result<SocketAddr> {
        Ok(self.socket.local_addr()?)
    }
}
