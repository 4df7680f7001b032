//! The way to the service: names, addresses, and whether something listens there.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use purge_api_ext::raw::reqwest::Url;
use purge_api_ext::{Proxy, escape};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{sleep, timeout};

use crate::doctor::Step;
use crate::exit::Exit;
use crate::output::plural;

/// How long a name may take to resolve, and an address to respond.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much later than an address the next one is tried.
const STAGGER: Duration = Duration::from_millis(250);

/// The machine that a connection is made to: the service, or the proxy before it.
pub(super) struct Peer {
    host: String,
    port: u16,
    proxy: Option<Proxy>,
    /// The host of the service.
    service: String,
}

impl Peer {
    /// None if an address has no host, which no accepted address lacks.
    pub(super) fn new(base_url: &str, proxy: Option<Proxy>) -> Option<Self> {
        let service = Url::parse(base_url).ok()?;
        let peer = match &proxy {
            Some(proxy) => Url::parse(proxy.address()).ok()?,
            None => service.clone(),
        };
        let host = |url: &Url| Some(url.host_str()?.trim_matches(['[', ']']).to_owned());
        let port = peer.port_or_known_default()?;
        Some(Self { host: host(&peer)?, port, proxy, service: host(&service)? })
    }

    pub(super) fn proxy_step(&self) -> Step {
        match &self.proxy {
            None => Step::well("proxy", "none is used"),
            Some(proxy) => {
                let from = proxy.variable().unwrap_or("the system settings");
                let text = format!("`{}` from {from}", escape(proxy.address()));
                Step::well("proxy", text).for_others(format!("one from {from}"))
            }
        }
    }

    /// Resolves the name of the machine.
    pub(super) async fn resolve(&self) -> Result<(Step, Vec<SocketAddr>), Step> {
        let name = escape(&self.host);
        let (addresses, text) = if let Ok(address) = self.host.parse::<IpAddr>() {
            (vec![address], format!("`{name}` is an address"))
        } else if self.host == "localhost" {
            let addresses = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            (addresses, "`localhost` is this machine, and is not looked up".to_owned())
        } else {
            let addresses = self.look_up().await.map_err(|why| {
                let text = format!("`{name}` cannot be resolved: {why}");
                let public = format!("the name cannot be resolved: {why}");
                Step::failed("name", Exit::Temporary, text).for_others(public)
            })?;
            let others = addresses.len() - 1;
            let others = match others {
                0 => String::new(),
                others => format!(" and {others} other{}", plural(others)),
            };
            let text = format!("`{name}` is {}{others}", addresses[0]);
            (addresses, text)
        };
        let count = addresses.len();
        let mut public = format!("{count} address{}", if count == 1 { "" } else { "es" });
        let mut text = text;
        if self.proxy.is_some() {
            let by_proxy = "; the proxy resolves the name of the service";
            text = format!("{text}; the proxy resolves `{}`", escape(&self.service));
            public.push_str(by_proxy);
        }
        let addresses = addresses.into_iter().map(|ip| SocketAddr::new(ip, self.port)).collect();
        Ok((Step::well("name", text).for_others(public), addresses))
    }

    /// The addresses of the name, in the order in which they are tried; at least one.
    async fn look_up(&self) -> Result<Vec<IpAddr>, String> {
        let found = timeout(PATIENCE, lookup_host((self.host.as_str(), self.port))).await;
        let found = found.map_err(|_| "no response from the resolver".to_owned())?;
        let mut addresses = Vec::new();
        for address in found.map_err(|error| escape(&error.to_string()))? {
            if !addresses.contains(&address.ip()) {
                addresses.push(address.ip());
            }
        }
        if addresses.is_empty() {
            return Err("it has no address".to_owned());
        }
        Ok(addresses)
    }

    /// Connects to the machine without sending anything.
    pub(super) async fn connect(&self, addresses: &[SocketAddr]) -> Result<(), Step> {
        reach(addresses, PATIENCE).await.map_err(|errors| {
            let what = if self.proxy.is_some() { "the proxy" } else { "the service" };
            let mut reasons: Vec<_> = errors.iter().map(|(_, why)| why.as_str()).collect();
            reasons.sort_unstable();
            reasons.dedup();
            let public = reasons.join("; ");
            let text = match reasons.len() {
                1 => public.clone(),
                _ => {
                    let each =
                        errors.iter().map(|(address, why)| format!("{}: {why}", address.ip()));
                    each.collect::<Vec<_>>().join("; ")
                }
            };
            let (name, port) = (escape(&self.host), self.port);
            let text = format!("cannot connect to {what} at `{name}`, port {port}: {text}");
            let public = format!("cannot connect to {what}, port {port}: {public}");
            Step::failed("connection", Exit::Temporary, text).for_others(public)
        })
    }
}

/// Connects to one of the addresses. As in the HTTP client, one that does not respond does not hold up the others
/// (RFC 8305). Otherwise, returns why each of them failed.
async fn reach(
    addresses: &[SocketAddr],
    patience: Duration,
) -> Result<(), Vec<(SocketAddr, String)>> {
    let attempts = addresses.iter().zip(0_u32..).map(|(&address, place)| async move {
        sleep(STAGGER.saturating_mul(place)).await;
        let connected = timeout(patience, TcpStream::connect(address)).await;
        let connected = connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        connected.map(drop).map_err(|error| (address, escape(&error.to_string())))
    });
    let mut attempts: FuturesUnordered<_> = attempts.collect();
    let mut errors = Vec::new();
    while let Some(connected) = attempts.next().await {
        match connected {
            Ok(()) => return Ok(()),
            Err(error) => errors.push(error),
        }
    }
    errors.sort();
    Err(errors)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    /// A listener whose queue is full, so that it responds to no further connection, and the connections in its queue.
    async fn silent() -> (TcpListener, Vec<TcpStream>) {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let listener = socket.listen(1).expect("a listener");
        let address = listener.local_addr().expect("an address");
        let mut queue = Vec::new();
        let patience = Duration::from_millis(200);
        while let Ok(Ok(stream)) = timeout(patience, TcpStream::connect(address)).await {
            queue.push(stream);
        }
        (listener, queue)
    }

    #[tokio::test]
    async fn address_that_does_not_respond_does_not_hold_up_the_others() {
        let (silent, _queue) = silent().await;
        let silent = silent.local_addr().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let open = listener.local_addr().expect("an address");
        let closed = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let hour = Duration::from_secs(3600);
        for addresses in [vec![silent, open], vec![closed, silent, open], vec![open]] {
            let reached = timeout(Duration::from_secs(10), reach(&addresses, hour)).await;
            assert_eq!(reached, Ok(Ok(())), "{addresses:?}");
        }
    }

    #[tokio::test]
    async fn each_address_that_cannot_be_reached_has_its_reason() {
        let (silent, _queue) = silent().await;
        let silent = silent.local_addr().expect("an address");
        let closed = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let reached = reach(&[silent, closed], Duration::from_millis(300)).await;
        let errors = reached.expect_err("neither");
        assert_eq!((errors[0].0, errors[1].0), (closed, silent));
        assert!(errors[0].1.contains("refused"), "{errors:?}");
        assert_eq!(errors[1].1, "timed out");
    }
}
