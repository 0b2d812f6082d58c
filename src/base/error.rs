//! The one error type: what went wrong in words for the user, and the cause for the log.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// The result of everything that can fail in this program.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Cause = Box<dyn StdError + Send + Sync>;

/// What kind of failure it is. The HTTP edge turns it into a status, the worker into "try again" or "park".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The caller sent something that cannot be accepted (422 on `/api/v1`, 400 on `/api.ashx/v1`).
    Invalid,
    /// No caller, or one whose proof does not hold (401).
    Unauthorized,
    /// A known caller who may not do this (403).
    Forbidden,
    /// The thing does not exist, or the caller may not know that it does (404).
    NotFound,
    /// The change contradicts what is stored (409).
    Conflict,
    /// It existed and never will again (410).
    Gone,
    /// The body or the upload is larger than allowed (413).
    TooLarge,
    /// The caller is too fast (429).
    TooMany,
    /// A peer this call depends on could not be reached or answered nonsense (502).
    Upstream,
    /// Not now: draining, starting, no capacity, nothing configured (503).
    Unavailable,
    /// The disk has no room for this write (507).
    DiskFull,
    /// A fault of ours; the caller learns nothing but that (500).
    Internal,
}

/// One field of a body that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Path of the field, such as `flow.intents[0].id`.
    pub field: String,
    /// A sentence about it.
    pub message: String,
}

/// A failure: kind and sentence for the caller, cause for the log.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    code: Option<&'static str>,
    reason: Option<&'static str>,
    message: Cow<'static, str>,
    fields: Vec<FieldError>,
    retry_after_s: Option<u32>,
    peer_status: Option<u16>,
    source: Option<Cause>,
}

macro_rules! constructors {
    ($($name:ident => $kind:ident),+ $(,)?) => {
        $(
            #[doc = concat!("A failure of kind [`Kind::", stringify!($kind), "`] with a sentence for the caller.")]
            pub fn $name(message: impl Into<Cow<'static, str>>) -> Self {
                Self::new(Kind::$kind, message)
            }
        )+
    };
}

impl Error {
    /// A failure of the given kind. The message is a sentence for the caller: no full stop, no secret.
    pub fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            code: None,
            reason: None,
            message: message.into(),
            fields: Vec::new(),
            retry_after_s: None,
            peer_status: None,
            source: None,
        }
    }

    constructors! {
        invalid => Invalid, unauthorized => Unauthorized, forbidden => Forbidden, not_found => NotFound,
        conflict => Conflict, gone => Gone, too_large => TooLarge, too_many => TooMany, upstream => Upstream,
        unavailable => Unavailable, disk_full => DiskFull, internal => Internal,
    }

    /// Replaces the stable code of the error body, such as `duplicate_route`.
    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// Says why in a word, where one code has several reasons, such as `do_not_call`.
    #[must_use]
    pub fn because(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Names a field that was refused.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.fields.push(FieldError { field: field.into(), message: message.into() });
        self
    }

    /// Says the whole sentence of one field, in the place of those that were named.
    #[must_use]
    pub fn about(mut self, field: &str) -> Self {
        self.fields = vec![FieldError { field: field.to_owned(), message: self.message.to_string() }];
        self
    }

    /// Says when a repeat makes sense, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Keeps the HTTP status that a peer refused with, for whoever passes it on.
    #[must_use]
    pub fn answered_with(mut self, status: u16) -> Self {
        self.peer_status = Some(status);
        self
    }

    /// Keeps the cause for the log. The caller never sees it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Cause>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The stable code of the error body: its own, else the kind's.
    pub fn stable_code(&self) -> &'static str {
        self.code.unwrap_or(match self.kind {
            Kind::Invalid => "invalid_request",
            Kind::Unauthorized => "invalid_token",
            Kind::Forbidden => "forbidden",
            Kind::NotFound => "not_found",
            Kind::Conflict => "conflict",
            Kind::Gone => "gone",
            Kind::TooLarge => "too_large",
            Kind::TooMany => "too_many_requests",
            Kind::Upstream => "upstream_failed",
            Kind::Unavailable => "unavailable",
            Kind::DiskFull => "disk_full",
            Kind::Internal => "internal_error",
        })
    }

    /// Why in a word, where one code has several reasons.
    pub fn reason(&self) -> Option<&'static str> {
        self.reason
    }

    /// The sentence for the caller. Internal failures all read the same.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The fields that were refused.
    pub fn fields(&self) -> &[FieldError] {
        &self.fields
    }

    /// The HTTP status that a peer refused with.
    pub fn peer_status(&self) -> Option<u16> {
        self.peer_status
    }

    /// Seconds after which a repeat makes sense.
    pub fn retry_after_seconds(&self) -> Option<u32> {
        self.retry_after_s
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for field in &self.fields {
            write!(f, "; {}: {}", field.field, field.message)?;
        }
        let mut cause = self.source.as_deref().map(|c| c as &dyn StdError);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|c| c as &(dyn StdError + 'static))
    }
}

/// Turns a foreign error into an internal one that says what was being done. A disk without room stays what it is: [`Kind::DiskFull`].
pub trait Context<T> {
    /// Adds what was being done, such as "cannot read the recording".
    fn context(self, doing: impl Into<Cow<'static, str>>) -> Result<T>;
}

impl<T, E: Into<Cause>> Context<T> for Result<T, E> {
    fn context(self, doing: impl Into<Cow<'static, str>>) -> Result<T> {
        self.map_err(|cause| {
            let cause = cause.into();
            if is_no_room(cause.as_ref()) { Error::disk_full("the disk is full") } else { Error::internal(doing) }.caused_by(cause)
        })
    }
}

fn is_no_room(cause: &(dyn StdError + 'static)) -> bool {
    let kind = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    matches!(kind, Some(std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded))
}
