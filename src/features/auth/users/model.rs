//! People: their shapes, and the pure rules about who may change whom.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::id::UserId;
use crate::base::secret::Secret;
use crate::base::{Error, Millis, Result};
use crate::platform::access::{Actor, Role, Via};

/// A person as stored.
#[derive(Debug, Clone)]
pub struct User {
    /// The row.
    pub id: UserId,
    /// Name to sign in with, and the one shown as `createdBy`.
    pub name: String,
    /// E-mail address; also good to sign in with.
    pub email: String,
    /// Rank.
    pub role: Role,
    /// Whether they may sign in at all.
    pub is_active: bool,
    /// Whether somebody made sure that the address is theirs.
    pub email_verified: bool,
    /// Telephone number.
    pub phone: String,
    /// Postal address, as one text.
    pub address: String,
    /// Language and country, such as `de-AT`.
    pub locale: String,
    /// Groups that programs are told of; they mean nothing to this box.
    pub groups: Vec<String>,
    /// Languages they can talk to callers in.
    pub agent_languages: Vec<String>,
    /// The one of these they prefer.
    pub agent_primary_language: String,
    pub(in crate::features::auth) password_hash: String,
    /// Tokens of an earlier epoch are dead.
    pub(in crate::features::auth) token_epoch: i64,
    /// Who made the row.
    pub created_by: String,
    /// When the row was made.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
}

/// A person as shown.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UserView {
    /// The row.
    pub id: UserId,
    /// Name to sign in with.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Rank.
    pub role: Role,
    /// Whether they may sign in.
    pub is_active: bool,
    /// Whether somebody made sure that the address is theirs.
    pub email_verified: bool,
    /// Telephone number; empty if unknown.
    pub phone: String,
    /// Postal address; empty if unknown.
    pub address: String,
    /// Language and country, such as `de-AT`; empty if unknown.
    pub locale: String,
    /// Groups that programs are told of.
    pub groups: Vec<String>,
    /// Languages they can talk to callers in.
    pub agent_languages: Vec<String>,
    /// The one of these they prefer.
    pub agent_primary_language: String,
    /// Who made the row.
    pub created_by: String,
    /// When the row was made.
    #[schema(value_type = String)]
    pub created_at: Millis,
    /// When it was last changed.
    #[schema(value_type = String)]
    pub updated_at: Millis,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        let User { id, name, email, role, is_active, email_verified, phone, address, locale, groups, .. } = user;
        let User { agent_languages, agent_primary_language, created_by, created_at, updated_at, .. } = user;
        Self {
            id,
            name,
            email,
            role,
            is_active,
            email_verified,
            phone,
            address,
            locale,
            groups,
            agent_languages,
            agent_primary_language,
            created_by,
            created_at,
            updated_at,
        }
    }
}

/// Which people are listed.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Part of the name or the address.
    pub q: Option<String>,
    /// Only people of this role.
    pub role: Option<String>,
    /// Only people who may, or may not, sign in.
    pub is_active: Option<bool>,
}

/// Body of `POST /api/v1/users` and `POST /api/v1/auth/register`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// Name to sign in with; unique, whatever its case.
    pub name: String,
    /// E-mail address; unique, whatever its case.
    pub email: String,
    /// 8 to 1024 bytes.
    #[schema(value_type = String)]
    pub password: Secret,
    /// Rank; at most that of the caller.
    pub role: Role,
    /// Languages they can talk to callers in; `["en"]` if absent.
    #[serde(default)]
    pub agent_languages: Option<Vec<String>>,
    /// The one of these they prefer; the first if absent.
    #[serde(default)]
    pub agent_primary_language: Option<String>,
}

impl NewUser {
    /// Somebody of whom nothing else is known.
    pub fn plain(name: String, email: String, password: Secret, role: Role) -> Self {
        Self { name, email, password, role, agent_languages: None, agent_primary_language: None }
    }
}

/// Body of `PUT /api/v1/users/{id}`. Absent fields stay as they are.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// New name.
    pub name: Option<String>,
    /// New e-mail address.
    pub email: Option<String>,
    /// New rank; at most that of the caller.
    pub role: Option<Role>,
    /// False: may not sign in, and every token of theirs is refused from now on.
    pub is_active: Option<bool>,
    /// Whether somebody made sure that the address is theirs. Another address is unverified unless this says otherwise.
    pub email_verified: Option<bool>,
    /// Telephone number in the form +431234567; empty for none.
    pub phone: Option<String>,
    /// Postal address, at most 500 characters.
    pub address: Option<String>,
    /// Language and country, such as `de-AT`.
    pub locale: Option<String>,
    /// Groups that programs are told of, at most 50.
    pub groups: Option<Vec<String>>,
    /// Languages they can talk to callers in: 1 to 20 language tags.
    pub agent_languages: Option<Vec<String>>,
    /// The one of these they prefer.
    pub agent_primary_language: Option<String>,
}

/// Body of `PUT /api/v1/auth/me`: what people change about themselves. Absent fields stay as they are.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnChange {
    /// New name.
    pub name: Option<String>,
    /// Telephone number in the form +431234567; empty for none.
    pub phone: Option<String>,
    /// Postal address, at most 500 characters.
    pub address: Option<String>,
    /// Language and country, such as `de-AT`.
    pub locale: Option<String>,
    /// Languages one can talk to callers in: 1 to 20 language tags.
    pub agent_languages: Option<Vec<String>>,
    /// The one of these one prefers.
    pub agent_primary_language: Option<String>,
}

impl From<OwnChange> for UserChange {
    fn from(own: OwnChange) -> Self {
        let OwnChange { name, phone, address, locale, agent_languages, agent_primary_language } = own;
        Self { name, phone, address, locale, agent_languages, agent_primary_language, ..Self::default() }
    }
}

/// A name and an address in the shape they are stored in.
pub(super) fn tidy_name(name: &str) -> Result<String> {
    let name = name.trim();
    let is_plain = !name.is_empty() && name.chars().count() <= 100 && !name.chars().any(char::is_control);
    if is_plain { Ok(name.to_owned()) } else { Err(field("name", "a name has 1 to 100 printable characters")) }
}

/// An address is not checked further than that mail could go there.
pub(super) fn tidy_email(email: &str) -> Result<String> {
    let email = email.trim().to_lowercase();
    let is_address = email.len() <= 254
        && !email.chars().any(|c| c.is_whitespace() || c.is_control())
        && email.split_once('@').is_some_and(|(who, host)| !who.is_empty() && !host.is_empty() && !host.contains('@'));
    if is_address { Ok(email) } else { Err(field("email", "this is not an e-mail address")) }
}

pub(super) fn tidy_phone(phone: &str) -> Result<String> {
    let digits = phone.strip_prefix('+').unwrap_or_default();
    let is_number = phone.is_empty() || ((7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()));
    if is_number { Ok(phone.to_owned()) } else { Err(field("phone", "a telephone number is + and 7 to 15 digits")) }
}

pub(super) fn tidy_address(address: &str) -> Result<String> {
    let address = address.trim();
    let is_plain = address.chars().count() <= 500 && !address.chars().any(|c| c.is_control() && c != '\n');
    if is_plain { Ok(address.to_owned()) } else { Err(field("address", "an address has at most 500 printable characters")) }
}

pub(super) fn tidy_locale(locale: &str) -> Result<String> {
    let is_part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_locale = locale.is_empty() || (locale.len() <= 35 && locale.split('-').all(is_part));
    if is_locale { Ok(locale.to_owned()) } else { Err(field("locale", "a locale is a language tag such as de-AT")) }
}

pub(super) fn tidy_groups(groups: Vec<String>) -> Result<Vec<String>> {
    let is_name = |name: &String| (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if groups.len() <= 50 && groups.iter().all(is_name) {
        return Ok(groups);
    }
    Err(field("groups", "there are at most 50 groups, each of 1 to 100 printable characters"))
}

/// Languages and the preferred one of them: without a choice the first one. Nothing at all is English.
pub(super) fn tidy_languages(languages: Option<Vec<String>>, primary: Option<String>) -> Result<(Vec<String>, String)> {
    let mut languages = languages.unwrap_or_else(|| vec![primary.clone().unwrap_or_else(|| "en".to_owned())]);
    let is_tag = |text: &String| tidy_locale(text).is_ok() && text.split('-').next().is_some_and(|first| (2..=3).contains(&first.len()));
    languages.iter_mut().for_each(|language| *language = language.trim().to_owned());
    let mut seen = std::collections::BTreeSet::new();
    languages.retain(|language| seen.insert(language.to_ascii_lowercase()));
    if !(1..=20).contains(&languages.len()) || !languages.iter().all(is_tag) {
        return Err(field("agent_languages", "there are 1 to 20 languages, each a tag such as en or de-AT"));
    }
    match primary {
        None => Ok((languages.clone(), languages[0].clone())),
        Some(primary) => match languages.iter().find(|language| language.eq_ignore_ascii_case(primary.trim())) {
            Some(found) => Ok((languages.clone(), found.clone())),
            None => Err(field("agent_primary_language", "the preferred language is one of agent_languages")),
        },
    }
}

fn field(name: &'static str, sentence: &'static str) -> Error {
    Error::invalid(sentence).field(name, sentence)
}

/// Whether `actor` may give someone this role: up to their own.
pub(super) fn may_grant(actor: &Actor, role: Role) -> Result<()> {
    if role <= actor.role { Ok(()) } else { Err(Error::forbidden("you may give a role up to your own")) }
}

/// Whether `actor` may change this person: a strictly lower rank, or anyone for a super_admin.
pub(super) fn may_change(actor: &Actor, user: &User) -> Result<()> {
    if is_self(actor, user) || actor.role == Role::SuperAdmin || user.role < actor.role {
        Ok(())
    } else {
        Err(Error::forbidden("you may change people of a lower role than yours"))
    }
}

/// What nobody may do to themselves: lose their role, be switched off, be deleted.
pub(super) fn not_to_oneself(actor: &Actor, user: &User) -> Result<()> {
    if is_self(actor, user) { Err(Error::forbidden("nobody does this to themselves")) } else { Ok(()) }
}

fn is_self(actor: &Actor, user: &User) -> bool {
    actor.user_id == user.id && actor.via != Via::Local
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(role: Role) -> Actor {
        Actor { role, via: Via::Login, user_id: UserId::from("usr_me"), ..Actor::system() }
    }

    fn user(id: &str, role: Role) -> User {
        let (name, email) = ("x".to_owned(), "x@y".to_owned());
        let at = Millis(0);
        User {
            id: id.into(),
            name,
            email,
            role,
            is_active: true,
            email_verified: false,
            phone: String::new(),
            address: String::new(),
            locale: String::new(),
            groups: Vec::new(),
            agent_languages: Vec::new(),
            agent_primary_language: String::new(),
            password_hash: String::new(),
            token_epoch: 0,
            created_by: String::new(),
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn a_role_is_given_up_to_one_s_own() {
        assert!(may_grant(&actor(Role::Admin), Role::Admin).is_ok());
        assert!(may_grant(&actor(Role::Admin), Role::SuperAdmin).is_err());
        assert!(may_grant(&actor(Role::SuperAdmin), Role::SuperAdmin).is_ok());
    }

    #[test]
    fn people_are_changed_from_strictly_above_and_by_super_admins() {
        let table = [
            (Role::Admin, Role::Supervisor, true),
            (Role::Admin, Role::Admin, false),
            (Role::Admin, Role::SuperAdmin, false),
            (Role::SuperAdmin, Role::SuperAdmin, true),
        ];
        for (mine, theirs, may) in table {
            assert_eq!(may_change(&actor(mine), &user("usr_other", theirs)).is_ok(), may, "{mine:?} on {theirs:?}");
        }
        assert!(may_change(&actor(Role::Admin), &user("usr_me", Role::Admin)).is_ok());
        assert!(not_to_oneself(&actor(Role::SuperAdmin), &user("usr_me", Role::SuperAdmin)).is_err());
    }

    #[test]
    fn the_preferred_language_is_one_of_those_spoken() {
        let tidy = |languages: Option<&[&str]>, primary: Option<&str>| {
            let languages = languages.map(|list| list.iter().map(|one| (*one).to_owned()).collect());
            tidy_languages(languages, primary.map(str::to_owned)).ok()
        };
        let spoken =
            |list: &[&str], primary: &str| Some((list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>(), primary.to_owned()));
        assert_eq!(tidy(None, None), spoken(&["en"], "en"));
        assert_eq!(tidy(None, Some("de")), spoken(&["de"], "de"));
        assert_eq!(tidy(Some(&["en", "EN", " hi "]), Some("HI")), spoken(&["en", "hi"], "hi"));
        assert_eq!(tidy(Some(&["mt", "en"]), None), spoken(&["mt", "en"], "mt"));
        assert!(tidy(Some(&["en"]), Some("de")).is_none() && tidy(Some(&[]), None).is_none() && tidy(Some(&["english"]), None).is_none());
    }

    #[test]
    fn names_and_addresses_are_trimmed_and_checked() {
        assert_eq!(tidy_email(" Anna@Example.COM ").unwrap(), "anna@example.com");
        for bad in ["", "anna", "@x", "anna@", "a b@c", "a@b@c"] {
            assert!(tidy_email(bad).is_err(), "{bad}");
        }
        assert_eq!(tidy_name(" Anna ").unwrap(), "Anna");
        assert!(tidy_name(" \t").is_err() && tidy_name("a\nb").is_err() && tidy_name(&"x".repeat(101)).is_err());
    }
}
