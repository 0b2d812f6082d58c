//! A person's own data: everything the box knows about a number as one JSON document, written while it is read.

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use tracing::warn;

use super::consent_store;
use super::model::phone;
use super::service::Privacy;
use crate::base::{Context, Result};
use crate::features::calls::CallsOf;
use crate::features::outbound;
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::Conn;

/// Parts that wait for a slow reader.
const WAITING: usize = 2;

/// A document on its way: its bytes, and the task that makes them, which ends with it.
pub(super) struct PersonsData {
    pub(super) bytes: mpsc::Receiver<Result<Bytes, std::io::Error>>,
    _task: AbortOnDropHandle<()>,
}

type Sender = mpsc::Sender<Result<Bytes, std::io::Error>>;

impl Privacy {
    /// Begins to write what is known of a person: lists, proofs of consent, orders, and every call with a link to its recording.
    pub(super) async fn data_of(&self, actor: &Actor, text: &str) -> Result<PersonsData> {
        let phone = phone(text)?;
        let (actor, person) = (actor.clone(), self.mark(&phone));
        let target = person.clone();
        self.setup.db.write(move |tx| audit::append(tx, &actor, "person.export", &target, &json!({}))).await?;
        let (privacy, wanted) = (self.clone(), phone.clone());
        let head = self.setup.db.read(move |conn| privacy.head(conn, &wanted, &person)).await?;
        let (sender, bytes) = mpsc::channel(WAITING);
        let privacy = self.clone();
        let write = async move {
            if let Err(failure) = privacy.write(phone, head, &sender).await {
                warn!("An export of a person's data broke off: {failure}");
                // The document is cut short, which its reader sees: its brackets are not closed.
                let _ = sender.send(Err(std::io::Error::other("the export broke off"))).await;
            }
        };
        Ok(PersonsData { bytes, _task: AbortOnDropHandle::new(tokio::spawn(write)) })
    }

    /// Everything but the calls.
    fn head(&self, conn: &Conn, phone: &str, person: &str) -> Result<Value> {
        let (do_not_call, whitelist) = self.setup.permit.entries(conn, phone)?;
        Ok(json!({
            "phone": phone, "generated_at": self.setup.clock.now(), "do_not_call": do_not_call, "whitelist": whitelist,
            "consent_proofs": consent_store::of_person(conn, person)?, "orders": outbound::orders_of(conn, phone)?,
        }))
    }

    async fn write(&self, phone: String, head: Value, sender: &Sender) -> Result<()> {
        let mut text = head.to_string();
        text.pop();
        text.push_str(",\"calls\":[");
        if sender.send(Ok(text.into())).await.is_err() {
            return Ok(());
        }
        let mut calls = CallsOf::new(&phone);
        let mut is_first = true;
        loop {
            let privacy = self.clone();
            let read = move |conn: &_| {
                let next = calls.next(conn)?;
                let whole = next.iter().map(|call| privacy.setup.calls.whole(conn, call)).collect::<Result<Vec<_>>>()?;
                Ok((whole, calls))
            };
            let (next, back) = self.setup.db.read(read).await?;
            calls = back;
            if next.is_empty() {
                // A reader that left needs no end.
                let _ = sender.send(Ok("]}".into())).await;
                return Ok(());
            }
            let mut text = String::new();
            for call in next {
                if !is_first {
                    text.push(',');
                }
                is_first = false;
                text.push_str(&serde_json::to_string(&call).context("a call cannot be written")?);
            }
            if sender.send(Ok(text.into())).await.is_err() {
                return Ok(());
            }
        }
    }
}
