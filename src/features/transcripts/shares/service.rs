//! The handle of shares: make, list, take back, open.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::model::{NewShare, Share, ShareMade, ShareState, ShareView, end_of, ends_at};
use super::page::Pages;
use super::store;
use crate::base::id::ShareId;
use crate::base::page::Page;
use crate::base::secret::sha256;
use crate::base::{Clock, Error, Random, Result};
use crate::contract::fact::Fact;
use crate::features::settings::Settings;
use crate::features::transcripts::document::Document;
use crate::features::transcripts::service::read_document;
use crate::features::transcripts::store as transcripts;
use crate::platform::access::{Actor, Misses};
use crate::platform::audit;
use crate::platform::db::{Conn, Db};
use crate::platform::outbox;

/// What stands for the address of a viewer on this machine's own socket.
const LOCAL_VIEWER: &str = "local";

/// What shares are built from.
pub struct SharesSetup {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// Randomness, for tokens.
    pub random: Random,
    /// Folder of transcript files.
    pub folder: PathBuf,
    /// Settings, for the name on the page.
    pub settings: Settings,
    /// `https://host` of this box as callers see it; links begin with it.
    pub base_url: String,
}

/// The shares of this box. Cheap to clone.
#[derive(Clone)]
pub struct Shares {
    inner: Arc<Inner>,
}

struct Inner {
    setup: SharesSetup,
    misses: Misses,
    pages: Pages,
}

impl Shares {
    /// Shares over their parts.
    pub fn new(setup: SharesSetup) -> Result<Self> {
        let misses = Misses::new(setup.clock.clone());
        Ok(Self { inner: Arc::new(Inner { misses, pages: Pages::new()?, setup }) })
    }

    fn db(&self) -> &Db {
        &self.inner.setup.db
    }

    /// The page of a transcript.
    pub(super) fn page(&self, document: &Document) -> Result<String> {
        self.inner.pages.transcript(&self.inner.setup.settings.current().brand, document)
    }

    /// The page in place of a transcript that cannot be shown.
    pub(super) fn refusal(&self, error: &Error) -> Result<String> {
        self.inner.pages.refusal(&self.inner.setup.settings.current().brand, error)
    }

    /// The content security policy of both.
    pub(super) fn policy(&self) -> String {
        self.inner.pages.policy(&self.inner.setup.settings.current().brand)
    }

    /// Makes a link to the transcript of a call (or to a file, by its name). Only this answer shows the token.
    pub async fn create(&self, actor: &Actor, call_id_or_file: String, new: NewShare) -> Result<ShareMade> {
        let hours = new.hours()?;
        let setup = &self.inner.setup;
        let (id, token) = (ShareId::new(&setup.random), setup.random.url_safe::<24>());
        let url = format!("{}/t/{token}", setup.base_url.trim_end_matches('/'));
        let (actor, hash, token_end) = (actor.clone(), sha256(&token), end_of(&token));
        let share = self
            .db()
            .write(move |tx| {
                let missing = || Error::not_found(format!("No transcript for callId={call_id_or_file}"));
                let (transcript_id, file) = transcripts::find(tx, &call_id_or_file)?.ok_or_else(missing)?;
                let (created_by, expires_at) = (actor.name.clone(), ends_at(tx.now, hours));
                let share = Share {
                    id,
                    call_id: call_id_or_file,
                    file,
                    token_end,
                    ttl_hours: hours,
                    created_by,
                    created_at: tx.now,
                    expires_at,
                    revoked_at: None,
                    revoked_by: None,
                    n_views: 0,
                    last_viewed_at: None,
                };
                store::insert(tx, &share, transcript_id, &hash)?;
                audit::append(tx, &actor, "transcript.share", &share.id.0, &json!({ "file": share.file, "ttl_hours": hours }))?;
                outbox::append(tx, &Fact::ShareCreated { share_id: share.id.clone() })?;
                store::get(tx, &share.id)
            })
            .await?;
        Ok(ShareMade { share: ShareView::of(share, setup.clock.now()), token, url })
    }

    /// One page of shares, newest first, and how many there are: of one call or file, or all.
    pub async fn list(&self, call_id_or_file: Option<String>, page: Page) -> Result<(Vec<ShareView>, u64)> {
        let read = move |conn: &Conn| match &call_id_or_file {
            None => store::list(conn, page),
            Some(wanted) => {
                let missing = || Error::not_found(format!("No transcript for callId={wanted}"));
                transcripts::find(conn, wanted)?.ok_or_else(missing)?;
                store::list_of(conn, wanted, page)
            }
        };
        let (shares, total) = self.db().read(read).await?;
        let now = self.inner.setup.clock.now();
        Ok((shares.into_iter().map(|share| ShareView::of(share, now)).collect(), total))
    }

    /// Takes a link back; from now on it opens nothing. A repeat changes nothing.
    pub async fn revoke(&self, actor: &Actor, id: ShareId) -> Result<()> {
        let actor = actor.clone();
        self.db()
            .write(move |tx| {
                let share = store::get(tx, &id)?;
                if store::revoke(tx, &id, &actor.name)? {
                    audit::append(tx, &actor, "transcript.unshare", &id.0, &json!({ "file": share.file }))?;
                    outbox::append(tx, &Fact::ShareRevoked { share_id: id, by: actor.name.clone() })?;
                }
                Ok(())
            })
            .await
    }

    /// What a link opens, and that somebody looked at it. 404 for a token nobody has, 410 for one whose time is over or that was taken
    /// back; an address that guesses too often is refused.
    pub(super) async fn open(&self, token: &str, viewer: Option<IpAddr>) -> Result<Document> {
        if let Some(ip) = viewer {
            self.inner.misses.check(ip)?;
        }
        let hash = sha256(token);
        let Some(share) = self.db().read(move |conn| store::find_by_token(conn, &hash)).await? else {
            if let Some(ip) = viewer {
                self.inner.misses.count(ip);
            }
            return Err(Error::not_found("there is no such link"));
        };
        match share.state(self.inner.setup.clock.now()) {
            ShareState::Live => {}
            ShareState::Expired => return Err(Error::gone("this link has expired")),
            ShareState::Revoked => return Err(Error::gone("this link has been taken back")),
        }
        let document = read_document(self.inner.setup.folder.join(&share.file)).await?;
        let document = document.ok_or_else(|| Error::gone("the transcript behind this link has been removed"))?;
        self.note_look(share.id, viewer).await?;
        Ok(document)
    }

    async fn note_look(&self, share_id: ShareId, viewer: Option<IpAddr>) -> Result<()> {
        let viewer_ip = viewer.map_or_else(|| LOCAL_VIEWER.to_owned(), |ip| ip.to_canonical().to_string());
        self.db()
            .write(move |tx| {
                if store::look(tx, &share_id, &viewer_ip)? {
                    outbox::append(tx, &Fact::ShareViewed { share_id, viewer_ip })?;
                }
                Ok(())
            })
            .await
    }
}

/// The `data` of a share's event (seed 002), for whoever tells others of it. None for facts of other things.
pub fn share_event(conn: &Conn, fact: &Fact) -> Result<Option<Map<String, Value>>> {
    Ok(match fact {
        Fact::ShareCreated { share_id } => store::find(conn, share_id)?.map(|share| share.created_data()),
        Fact::ShareViewed { share_id, viewer_ip } => store::find(conn, share_id)?.map(|share| share.viewed_data(viewer_ip)),
        Fact::ShareRevoked { share_id, by } => store::find(conn, share_id)?.map(|share| share.revoked_data(by)),
        _ => None,
    })
}
