//! Names to addresses: once per request, so that the guard judges the very address that is connected to.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;

use super::failure::{Failure, NetError};
use crate::base::{Context, Result};

type Looking = Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, NetError>> + Send>>;

type Answers = dyn Fn(&str) -> Vec<IpAddr> + Send + Sync;

/// Looks names up. Cheap to clone.
#[derive(Clone)]
pub struct Resolver(Source);

#[derive(Clone)]
enum Source {
    System(Box<TokioResolver>),
    Given(Arc<Answers>),
}

impl Resolver {
    /// The resolver of `/etc/resolv.conf` and `/etc/hosts`. A machine without one still knows its hosts file.
    pub fn system() -> Result<Self> {
        let mut builder = TokioResolver::builder_tokio()
            .unwrap_or_else(|_| TokioResolver::builder_with_config(ResolverConfig::default(), TokioRuntimeProvider::default()));
        let options = builder.options_mut();
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.timeout = Duration::from_secs(3);
        options.attempts = 1;
        Ok(Self(Source::System(Box::new(builder.build().context("cannot start the name resolver")?))))
    }

    /// Answers from a function, asked anew each time. For tests.
    pub fn given(answers: impl Fn(&str) -> Vec<IpAddr> + Send + Sync + 'static) -> Self {
        Self(Source::Given(Arc::new(answers)))
    }

    /// The addresses of a name; at least one.
    pub(super) fn look_up(&self, name: &str) -> Looking {
        let source = self.0.clone();
        // The dot keeps search domains out of it.
        let name = format!("{name}.");
        Box::pin(async move {
            let unknown = || NetError::new(Failure::Dns, "the name has no address");
            let found: Vec<IpAddr> = match source {
                Source::System(resolver) => {
                    resolver.lookup_ip(name.as_str()).await.map_err(|error| unknown().caused_by(error))?.iter().collect()
                }
                Source::Given(answers) => answers(name.trim_end_matches('.')),
            };
            if found.is_empty() { Err(unknown()) } else { Ok(found) }
        })
    }
}
