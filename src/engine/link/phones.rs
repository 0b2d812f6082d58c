//! The telephones of people: their accounts are fetched every few seconds, where they are is reported back.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use ipnet::IpNet;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

use super::{Control, answer};
use crate::base::digest::Ha1;
use crate::base::{Clock, Result};
use crate::contract::phone::{PhoneBook, Registration, Registrations};
use crate::engine::sip::{Login, SipStack};

/// How often the accounts are fetched, and how long a report that failed waits.
const EVERY: Duration = Duration::from_secs(3);
/// How long the control plane may take.
const WITHIN: Duration = Duration::from_secs(5);

/// The accounts as they are now.
#[derive(Debug, Default)]
pub struct Accounts {
    /// Realm of the digests; empty before the first fetch.
    pub realm: String,
    networks: Vec<IpNet>,
    by_name: HashMap<String, Login>,
}

impl Accounts {
    fn of(book: &PhoneBook) -> Self {
        let networks = book.allowed_networks.iter().filter_map(|text| text.parse().ok()).collect();
        let login = |account: &crate::contract::phone::PhoneAccount| Login {
            name: account.aor.clone(),
            ha1: Ha1 { md5: account.ha1_md5.0.clone(), sha256: account.ha1_sha256.0.clone() },
        };
        let by_name = book.accounts.iter().map(|account| (account.aor.clone(), login(account))).collect();
        Self { realm: book.realm.clone(), networks, by_name }
    }

    /// The account that signs in with this name; digests know one spelling only.
    pub fn find(&self, name: &str) -> Option<&Login> {
        self.by_name.get(name)
    }

    /// Whether phones are heard from this address. Nobody is while there is no account.
    pub fn hears(&self, source: IpAddr) -> bool {
        let source = source.to_canonical();
        !self.by_name.is_empty() && self.networks.iter().any(|net| net.contains(&source))
    }

    /// The accounts that are gone, or have another password, since then.
    fn lost_since(&self, before: &Self) -> Vec<String> {
        before.by_name.iter().filter(|(name, login)| self.by_name.get(*name) != Some(login)).map(|(name, _)| name.clone()).collect()
    }
}

/// Keeps the accounts fresh. Cheap to clone; the fetching ends with the last handle.
#[derive(Clone)]
pub struct PhoneWatch {
    accounts: watch::Receiver<Arc<Accounts>>,
    /// What an earlier engine had reported, until it is taken over.
    found: watch::Receiver<Option<Arc<[Registration]>>>,
    _task: Arc<AbortOnDropHandle<()>>,
}

impl PhoneWatch {
    /// Starts to fetch.
    pub fn start(control: Control, clock: Clock) -> Self {
        let (accounts, known) = watch::channel(Arc::default());
        let (registrations, found) = watch::channel(None);
        let task = AbortOnDropHandle::new(tokio::spawn(keep_fresh(control, clock, accounts, registrations)));
        Self { accounts: known, found, _task: Arc::new(task) }
    }

    /// The accounts as they are now.
    pub fn now(&self) -> Arc<Accounts> {
        self.accounts.borrow().clone()
    }
}

async fn keep_fresh(
    control: Control,
    clock: Clock,
    accounts: watch::Sender<Arc<Accounts>>,
    registrations: watch::Sender<Option<Arc<[Registration]>>>,
) {
    loop {
        // The trunks tell whether there is a control plane; here a failure changes nothing.
        if let Ok(book) = fetch(&control).await {
            let fetched = Arc::new(Accounts::of(&book));
            accounts.send_if_modified(|known| {
                let is_news = !fetched.lost_since(known).is_empty() || !known.lost_since(&fetched).is_empty();
                *known = fetched;
                is_news
            });
            registrations.send_if_modified(|known| known.is_none() && known.replace(book.registrations.into()).is_none());
        }
        clock.sleep(EVERY).await;
    }
}

async fn fetch(control: &Control) -> Result<PhoneBook> {
    let request = control.request(Method::GET, "/api/v1/engine/phones").within(WITHIN);
    answer::read(control.send(request).await?).await
}

/// Takes over what an earlier engine had, signs lost accounts out, and reports every change. Ends with the stack.
pub async fn keep_told(control: Control, clock: Clock, mut phones: PhoneWatch, stack: Arc<dyn SipStack>) {
    let adopted = phones.found.wait_for(Option::is_some).await.ok().and_then(|found| found.clone());
    stack.adopt(adopted.unwrap_or_default().to_vec());
    let mut registrations = stack.registrations();
    registrations.mark_changed();
    let mut accounts = phones.accounts.borrow_and_update().clone();
    loop {
        tokio::select! {
            changed = phones.accounts.changed() => {
                if changed.is_err() {
                    return;
                }
                let now = phones.accounts.borrow_and_update().clone();
                for lost in now.lost_since(&accounts) {
                    info!("The phones of an account are signed out: it is gone or has another password");
                    stack.sign_out(&lost);
                }
                accounts = now;
            }
            changed = registrations.changed() => {
                if changed.is_err() {
                    return;
                }
                let all = registrations.borrow_and_update().to_vec();
                if let Err(error) = report(&control, all).await {
                    warn!(%error, "The registrations of phones could not be reported; they will be");
                    clock.sleep(EVERY).await;
                    registrations.mark_changed();
                }
            }
        }
    }
}

async fn report(control: &Control, registrations: Vec<Registration>) -> Result<()> {
    let request = control.request(Method::PUT, "/api/v1/engine/registrations").json(&Registrations { registrations })?.within(WITHIN);
    let answered = control.send(request).await?;
    if answered.is_success() { Ok(()) } else { Err(answer::refusal(answered).await) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::phone::PhoneAccount;

    fn accounts(names: &[(&str, &str)]) -> Accounts {
        let account = |(name, ha1): &(&str, &str)| PhoneAccount {
            aor: (*name).to_owned(),
            ha1_md5: crate::contract::config::WireSecret((*ha1).to_owned()),
            ha1_sha256: crate::contract::config::WireSecret((*ha1).to_owned()),
        };
        let allowed_networks = vec!["10.0.0.0/8".to_owned(), "nonsense".to_owned()];
        Accounts::of(&PhoneBook {
            realm: "box".to_owned(),
            allowed_networks,
            accounts: names.iter().map(account).collect(),
            registrations: Vec::new(),
        })
    }

    #[test]
    fn phones_are_heard_from_their_networks_while_there_is_an_account() {
        let [inside, mapped, outside]: [IpAddr; 3] = ["10.1.2.3", "::ffff:10.1.2.3", "192.0.2.1"].map(|ip| ip.parse().expect("an address"));
        let some = accounts(&[("alex", "1")]);
        assert!(some.hears(inside) && some.hears(mapped) && !some.hears(outside));
        assert!(!accounts(&[]).hears(inside));
        assert!(some.find("alex").is_some() && some.find("berta").is_none());
    }

    #[test]
    fn an_account_is_lost_when_it_is_gone_or_has_another_password() {
        let before = accounts(&[("alex", "1"), ("berta", "2"), ("carla", "3")]);
        let mut lost = accounts(&[("alex", "1"), ("berta", "other"), ("dora", "4")]).lost_since(&before);
        lost.sort();
        assert_eq!(lost, ["berta", "carla"]);
    }
}
