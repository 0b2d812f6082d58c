//! Texts that people map data with: `{{ns.field}}` and a small part of minijinja around it.
//!
//! One engine fills what is asked of a CRM before a call and what is sent to it afterwards. A text that is one token costs a look-up; only
//! a text with conditions, filters or loops is run, by minijinja, with fuel. What is left out of minijinja (`set`, macros, includes,
//! filters that multiply) is what could fill the memory before the fuel is used up.

mod filters;
mod names;
mod source;
mod templates;
#[cfg(test)]
mod tests;

pub use names::{Names, text_of};
pub use templates::{Filled, Templates, one_token};
