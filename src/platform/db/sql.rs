//! The one place where ids, times and JSON become SQL and come back.

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};

use crate::base::id::{
    ApiKeyId, BotId, CallId, CarrierId, DeliveryId, DidId, DocumentId, ErasureId, KnowledgeBaseId, MailId, NoteId, NumberId, PhoneId,
    SessionId, ShareId, UserId, WebhookId,
};
use crate::base::{Context, Millis, Result};

macro_rules! as_text {
    ($($id:ty),+ $(,)?) => {
        $(
            impl ToSql for $id {
                fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                    self.0.to_sql()
                }
            }

            impl FromSql for $id {
                fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                    String::column_result(value).map(Self)
                }
            }
        )+
    };
}

as_text!(
    ApiKeyId,
    BotId,
    CallId,
    CarrierId,
    DeliveryId,
    DidId,
    DocumentId,
    ErasureId,
    KnowledgeBaseId,
    MailId,
    NoteId,
    NumberId,
    PhoneId,
    SessionId,
    ShareId,
    UserId,
    WebhookId
);

impl ToSql for Millis {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for Millis {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(Self)
    }
}

/// A value as JSON text for a column.
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).context("cannot write a value as JSON")
}

/// A value from a column of JSON text.
pub fn from_json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T> {
    serde_json::from_str(text).context("a stored JSON value cannot be read")
}
