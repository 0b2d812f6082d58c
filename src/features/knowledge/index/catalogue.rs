//! Which documents there are and which of them a search may look at; in memory, made of rows. Pure.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::base::id::{DocumentId, KnowledgeBaseId};

/// Stands for a chunk that belongs to no document.
pub(super) const NOBODY: u32 = u32::MAX;

/// A document as searches know it.
#[derive(Debug, Clone)]
pub(in crate::features::knowledge) struct Listed {
    pub(in crate::features::knowledge) id: DocumentId,
    pub(in crate::features::knowledge) kb_id: KnowledgeBaseId,
    pub(in crate::features::knowledge) name: String,
    pub(in crate::features::knowledge) url: Option<String>,
    pub(in crate::features::knowledge) tags: Vec<String>,
    pub(in crate::features::knowledge) language: String,
    /// Whether its base is switched on.
    pub(in crate::features::knowledge) is_enabled: bool,
    /// The vectors of its base.
    pub(in crate::features::knowledge) space: String,
}

/// What a search is limited to; an empty list does not limit.
#[derive(Debug, Clone, Default)]
pub(in crate::features::knowledge) struct Selection {
    pub(in crate::features::knowledge) kb_ids: Vec<KnowledgeBaseId>,
    pub(in crate::features::knowledge) document_ids: Vec<DocumentId>,
    pub(in crate::features::knowledge) tags: Vec<String>,
}

/// All documents that have chunks. Each has a number that it keeps as long as the process lives.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    listed: Vec<Option<Listed>>,
    numbers: HashMap<DocumentId, u32>,
}

/// What a search may look at.
#[derive(Debug, Clone)]
pub(in crate::features::knowledge) struct Allowed {
    /// By number of the document.
    pub(super) documents: Arc<Vec<bool>>,
    /// Whether that is all there is.
    pub(super) is_everything: bool,
    /// Languages of those documents.
    pub(in crate::features::knowledge) languages: Vec<String>,
    /// Vectors of those documents, each with a base that uses them.
    pub(in crate::features::knowledge) spaces: Vec<(String, KnowledgeBaseId)>,
}

impl Catalogue {
    /// The catalogue with these documents; known ones keep their numbers.
    pub(super) fn renewed(&self, documents: Vec<Listed>) -> Self {
        let mut next = Self { listed: vec![None; self.listed.len()], numbers: self.numbers.clone() };
        for document in documents {
            let number = match next.numbers.get(&document.id) {
                Some(number) => *number,
                None => {
                    let number = u32::try_from(next.listed.len()).unwrap_or(NOBODY - 1);
                    next.numbers.insert(document.id.clone(), number);
                    next.listed.push(None);
                    number
                }
            };
            next.listed[number as usize] = Some(document);
        }
        next
    }

    pub(super) fn number(&self, id: &DocumentId) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    pub(super) fn find(&self, id: &DocumentId) -> Option<&Listed> {
        self.listed.get(self.number(id)? as usize)?.as_ref()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Listed> {
        self.listed.iter().flatten()
    }

    /// What a selection comes to. Bases that are switched off are never looked at.
    pub(super) fn allowed(&self, selection: &Selection) -> Allowed {
        let fits = |document: &Listed| {
            document.is_enabled
                && (selection.kb_ids.is_empty() || selection.kb_ids.contains(&document.kb_id))
                && (selection.document_ids.is_empty() || selection.document_ids.contains(&document.id))
                && (selection.tags.is_empty() || selection.tags.iter().any(|tag| document.tags.contains(tag)))
        };
        let fitting: Vec<Option<&Listed>> =
            self.listed.iter().map(|document| document.as_ref().filter(|document| fits(document))).collect();
        let languages: BTreeSet<&String> = fitting.iter().flatten().map(|document| &document.language).collect();
        let mut spaces: Vec<(String, KnowledgeBaseId)> = Vec::new();
        for document in fitting.iter().flatten() {
            if !spaces.iter().any(|(space, _)| *space == document.space) {
                spaces.push((document.space.clone(), document.kb_id.clone()));
            }
        }
        Allowed {
            documents: Arc::new(fitting.iter().map(Option::is_some).collect()),
            is_everything: fitting.iter().flatten().count() == self.all().count(),
            languages: languages.into_iter().cloned().collect(),
            spaces,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(id: &str, kb: &str, tags: &[&str], is_enabled: bool) -> Listed {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let (name, language, space) = (id.to_owned(), "en".to_owned(), "s".to_owned());
        Listed { id: id.into(), kb_id: kb.into(), name, url: None, tags, language, is_enabled, space }
    }

    #[test]
    fn a_selection_limits_by_base_document_and_tag_and_never_shows_what_is_off() {
        let all = vec![
            listed("a", "1", &["x"], true),
            listed("b", "1", &["y"], true),
            listed("c", "2", &["x"], true),
            listed("d", "3", &["x"], false),
        ];
        let catalogue = Catalogue::default().renewed(all);
        let allowed = |kb_ids: &[&str], document_ids: &[&str], tags: &[&str]| {
            let selection = Selection {
                kb_ids: kb_ids.iter().map(|id| (*id).into()).collect(),
                document_ids: document_ids.iter().map(|id| (*id).into()).collect(),
                tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            };
            catalogue.allowed(&selection).documents.to_vec()
        };
        assert_eq!(allowed(&[], &[], &[]), [true, true, true, false]);
        assert_eq!(allowed(&["1"], &[], &[]), [true, true, false, false]);
        assert_eq!(allowed(&["1", "3"], &[], &["x"]), [true, false, false, false]);
        assert_eq!(allowed(&[], &["c"], &[]), [false, false, true, false]);
    }

    #[test]
    fn it_is_known_when_nothing_is_left_out() {
        let all = Catalogue::default().renewed(vec![listed("a", "1", &[], true), listed("b", "2", &[], true)]);
        assert!(all.allowed(&Selection::default()).is_everything);
        assert!(!all.allowed(&Selection { kb_ids: vec!["1".into()], ..Selection::default() }).is_everything);
        assert!(
            all.renewed(vec![listed("b", "2", &[], true)]).allowed(&Selection::default()).is_everything,
            "what is removed does not count"
        );
        assert!(!all.renewed(vec![listed("b", "2", &[], false)]).allowed(&Selection::default()).is_everything);
    }

    #[test]
    fn documents_keep_their_numbers_and_those_of_removed_ones_are_not_given_again() {
        let first = Catalogue::default().renewed(vec![listed("a", "1", &[], true), listed("b", "1", &[], true)]);
        let second = first.renewed(vec![listed("c", "1", &[], true), listed("b", "1", &[], true)]);
        assert_eq!((second.number(&"b".into()), second.number(&"c".into())), (Some(1), Some(2)));
        assert!(second.find(&"a".into()).is_none());
    }
}
