//! Who a person from another identity provider is here. Pure: what is known in, what to do out.

use crate::features::auth::users::User;
use crate::platform::access::Role;
use crate::platform::config::NewPeople;

/// What the other provider says, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) email: Option<String>,
    pub(super) email_is_verified: bool,
    pub(super) name: Option<String>,
}

/// The operator's rules.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) allowed_domains: Vec<String>,
    pub(super) new_people: NewPeople,
}

/// What to do with somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// They are the person they are linked to.
    SignIn,
    /// Make them an account with this role and address.
    Create(Role, String),
    /// They may have an account: let them prove it with its password.
    AskForPassword,
    /// No.
    Refuse(&'static str),
}

/// An e-mail address is never proof of being somebody here: whoever has the address of an account still shows its password once.
pub(super) fn decide(person: &Person, linked: Option<&User>, address_is_taken: bool, rules: &Rules) -> Decision {
    if let Some(user) = linked {
        return if user.is_active { Decision::SignIn } else { Decision::Refuse("This account is switched off") };
    }
    let verified = person.email.as_ref().filter(|_| person.email_is_verified).map(|email| email.to_lowercase());
    if !rules.allowed_domains.is_empty() && !verified.as_ref().is_some_and(|email| is_of(email, &rules.allowed_domains)) {
        return Decision::Refuse("Your account there is not of a domain that may come in here");
    }
    let role = match rules.new_people {
        NewPeople::Refused => return Decision::AskForPassword,
        NewPeople::Agent => Role::Agent,
        NewPeople::Supervisor => Role::Supervisor,
        NewPeople::Admin => Role::Admin,
    };
    match verified {
        Some(email) if !address_is_taken => Decision::Create(role, email),
        _ => Decision::AskForPassword,
    }
}

fn is_of(email: &str, domains: &[String]) -> bool {
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    domains.iter().any(|one| one.trim_start_matches('@').eq_ignore_ascii_case(domain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Millis;
    use crate::base::id::UserId;

    fn user(is_active: bool) -> User {
        User {
            id: UserId::from("usr_1"),
            name: "anna".into(),
            email: "anna@good.example".into(),
            role: Role::SuperAdmin,
            is_active,
            email_verified: true,
            phone: String::new(),
            address: String::new(),
            locale: String::new(),
            groups: Vec::new(),
            agent_languages: Vec::new(),
            agent_primary_language: String::new(),
            password_hash: String::new(),
            token_epoch: 0,
            created_by: String::new(),
            created_at: Millis(0),
            updated_at: Millis(0),
        }
    }

    #[test]
    fn only_a_link_makes_somebody_somebody() {
        let person = |email: Option<&str>, email_is_verified| Person {
            issuer: "https://other.example".into(),
            subject: "s1".into(),
            email: email.map(str::to_owned),
            email_is_verified,
            name: None,
        };
        let rules = |new_people, domains: &[&str]| Rules { allowed_domains: domains.iter().map(|d| (*d).to_owned()).collect(), new_people };
        let (anna, good) = (Some("Anna@Good.example"), ["good.example"]);
        let made = |role| Decision::Create(role, "anna@good.example".into());
        let no = Decision::Refuse("Your account there is not of a domain that may come in here");
        let (refused, agent) = (NewPeople::Refused, NewPeople::Agent);
        let table = [
            // Linked: whatever the address says.
            (person(None, false), Some(user(true)), false, rules(refused, &good), Decision::SignIn),
            (person(anna, true), Some(user(false)), false, rules(agent, &[]), Decision::Refuse("This account is switched off")),
            // Not linked, an account has the address: never by the address, verified or not.
            (person(anna, true), None, true, rules(agent, &[]), Decision::AskForPassword),
            (person(anna, false), None, true, rules(agent, &[]), Decision::AskForPassword),
            (person(anna, true), None, true, rules(refused, &[]), Decision::AskForPassword),
            // Not linked, nobody has the address.
            (person(anna, true), None, false, rules(agent, &[]), made(Role::Agent)),
            (person(anna, true), None, false, rules(NewPeople::Supervisor, &good), made(Role::Supervisor)),
            (person(anna, true), None, false, rules(NewPeople::Admin, &["@GOOD.example"]), made(Role::Admin)),
            (person(anna, false), None, false, rules(agent, &[]), Decision::AskForPassword),
            (person(None, true), None, false, rules(agent, &[]), Decision::AskForPassword),
            (person(anna, true), None, false, rules(refused, &[]), Decision::AskForPassword),
            // Domains.
            (person(anna, false), None, false, rules(agent, &good), no.clone()),
            (person(None, true), None, false, rules(agent, &good), no.clone()),
            (person(Some("anna@evil.example"), true), None, false, rules(agent, &good), no.clone()),
            (person(Some("anna@good.example.evil.example"), true), None, false, rules(agent, &good), no.clone()),
            (person(Some("anna@notgood.example"), true), None, false, rules(refused, &good), no),
        ];
        for (n, (person, linked, taken, rules, expected)) in table.into_iter().enumerate() {
            assert_eq!(decide(&person, linked.as_ref(), taken, &rules), expected, "row {n}");
        }
    }
}
