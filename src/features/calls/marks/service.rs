//! What people do with calls that changes nothing about the calls themselves.

use serde_json::json;

use super::marks_store;
use super::model::{HoldView, KnownTag, NoteView, TagView};
use crate::base::id::{NoteId, SessionId};
use crate::base::{Error, Result};
use crate::features::calls::Calls;
use crate::features::calls::store;
use crate::platform::access::{Actor, Role};
use crate::platform::audit;

impl Calls {
    /// Makes these the tags of a call. A repeat changes nothing.
    pub(super) async fn set_tags(&self, actor: &Actor, session_id: SessionId, tags: Vec<String>) -> Result<Vec<TagView>> {
        let actor = actor.clone();
        self.db()
            .write(move |tx| {
                let call_id = store::id_of(tx, &session_id)?;
                let (n_added, n_removed) = marks_store::set_tags(tx, call_id, &tags, &actor.name)?;
                if n_added + n_removed > 0 {
                    let detail = json!({ "n_added": n_added, "n_removed": n_removed });
                    audit::append(tx, &actor, "call.tags", session_id.as_str(), &detail)?;
                }
                marks_store::tags(tx, call_id)
            })
            .await
    }

    /// Tags that are in use, the most used first.
    pub(super) async fn known_tags(&self) -> Result<Vec<KnownTag>> {
        self.db().read(marks_store::known_tags).await
    }

    /// Writes a note on a call.
    pub(super) async fn add_note(&self, actor: &Actor, session_id: SessionId, text: String) -> Result<NoteView> {
        let (actor, id) = (actor.clone(), NoteId::new(&self.inner.setup.random));
        self.db()
            .write(move |tx| {
                let call_id = store::id_of(tx, &session_id)?;
                let note = marks_store::add_note(tx, call_id, &id, &text, &actor)?;
                audit::append(tx, &actor, "call.note", session_id.as_str(), &json!({ "note_id": id }))?;
                Ok(note)
            })
            .await
    }

    /// Removes a note: whoever wrote it may, and admins.
    pub(super) async fn remove_note(&self, actor: &Actor, session_id: SessionId, id: NoteId) -> Result<()> {
        let actor = actor.clone();
        self.db()
            .write(move |tx| {
                let call_id = store::id_of(tx, &session_id)?;
                let author =
                    marks_store::author(tx, call_id, &id)?.ok_or_else(|| Error::not_found(format!("no note {id} on this call")))?;
                if author != actor.user_id.as_str() && actor.role < Role::Admin {
                    return Err(Error::forbidden("only admins remove the notes of others"));
                }
                marks_store::remove_note(tx, &id)?;
                audit::append(tx, &actor, "call.note_removed", session_id.as_str(), &json!({ "note_id": id }))
            })
            .await
    }

    /// Puts a call on hold: until it is released nothing of it is removed, neither in time nor for a person.
    pub(super) async fn hold(&self, actor: &Actor, session_id: SessionId, reason: String) -> Result<HoldView> {
        let actor = actor.clone();
        self.db()
            .write(move |tx| {
                let held = marks_store::hold(tx, store::id_of(tx, &session_id)?, &reason, &actor.name)?;
                audit::append(tx, &actor, "call.hold", session_id.as_str(), &json!({}))?;
                Ok(held)
            })
            .await
    }

    /// Ends the hold on a call. Does nothing when there is none.
    pub(super) async fn release(&self, actor: &Actor, session_id: SessionId) -> Result<()> {
        let actor = actor.clone();
        self.db()
            .write(move |tx| {
                if marks_store::release(tx, store::id_of(tx, &session_id)?)? {
                    audit::append(tx, &actor, "call.hold_released", session_id.as_str(), &json!({}))?;
                }
                Ok(())
            })
            .await
    }
}
