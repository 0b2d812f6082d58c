//! Search by words: BM25 over an index on disk. The truth is in rows; this can be thrown away.

use std::collections::HashMap;
use std::path::Path;

use tantivy::collector::{FilterCollector, TopDocs};
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, Term};

use super::words::{STEMMED, analyzer};
use crate::base::{Context, Result};

/// Memory of a writer while it writes.
const WRITER_BYTES: usize = 20_000_000;
/// So many times the wanted hits are looked at before a filter decides, where there is something to filter.
const MORE: usize = 3;
/// Words of a question that are looked up.
const MOST_WORDS: usize = 64;
/// Raise it when words or fields change: an index of another make is made anew.
const MAKE: &str = "1";

/// A chunk as the index takes it.
pub(super) struct Entry<'a> {
    pub(super) seq: u64,
    pub(super) document: &'a str,
    pub(super) language: &'a str,
    pub(super) text: String,
}

/// An index on disk, open for searches.
pub(super) struct Lexical {
    index: Index,
    reader: IndexReader,
    fields: Fields,
}

#[derive(Clone)]
struct Fields {
    seq: Field,
    document: Field,
    /// One for each language with a stemmer, and one for all others under an empty name.
    bodies: HashMap<&'static str, Field>,
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let seq = schema.add_u64_field("seq", FAST | INDEXED);
    let document = schema.add_text_field("document", STRING);
    let body = |tokenizer: &str| {
        let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(IndexRecordOption::WithFreqs);
        TextOptions::default().set_indexing_options(indexing)
    };
    let languages = STEMMED.iter().map(|(language, _)| *language).chain([""]);
    let bodies =
        languages.map(|language| (language, schema.add_text_field(&format!("body_{language}"), body(&format!("words_{language}")))));
    let bodies = bodies.collect();
    (schema.build(), Fields { seq, document, bodies })
}

impl Lexical {
    /// Opens the index in a folder, or makes an empty one there.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let doing = "the word index cannot be opened";
        std::fs::create_dir_all(folder).context(doing)?;
        let (schema, fields) = schema();
        let directory = tantivy::directory::MmapDirectory::open(folder).context(doing)?;
        let index = Index::open_or_create(directory, schema).context(doing)?;
        index.tokenizers().register("words_", analyzer(None));
        for (language, stemmer) in STEMMED {
            index.tokenizers().register(&format!("words_{language}"), analyzer(Some(*stemmer)));
        }
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().context(doing)?;
        Ok(Self { index, reader, fields })
    }

    /// Up to which change this index knows the rows. `None` for an index of another make, or one without a commit.
    pub(super) fn watermark(&self) -> Option<i64> {
        let payload = self.index.load_metas().ok()?.payload?;
        let (make, watermark) = payload.split_once(':')?;
        watermark.parse().ok().filter(|_| make == MAKE)
    }

    /// How many chunks it has.
    pub(super) fn n_entries(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// Takes documents out and entries in, in one commit that also says up to which change this goes.
    pub(super) fn apply<'a>(&self, documents: &[String], entries: impl IntoIterator<Item = Entry<'a>>, watermark: i64) -> Result<()> {
        let doing = "the word index cannot be written";
        let mut writer: IndexWriter = self.index.writer_with_num_threads(1, WRITER_BYTES).context(doing)?;
        for document in documents {
            writer.delete_term(Term::from_field_text(self.fields.document, document));
        }
        for entry in entries {
            writer.add_document(self.document(&entry)).context(doing)?;
        }
        let mut commit = writer.prepare_commit().context(doing)?;
        commit.set_payload(&format!("{MAKE}:{watermark}"));
        commit.commit().context(doing)?;
        self.reader.reload().context(doing)?;
        writer.wait_merging_threads().context(doing)
    }

    fn document(&self, entry: &Entry<'_>) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        document.add_u64(self.fields.seq, entry.seq);
        document.add_text(self.fields.document, entry.document);
        if let Some(body) = self.fields.bodies.get(entry.language).or_else(|| self.fields.bodies.get("")) {
            document.add_text(*body, &entry.text);
        }
        document
    }

    /// The chunks with most of the question's words, best first: number and score. `languages` are those of the documents; with the limit comes
    /// whether everything may be shown.
    pub(super) fn search<P>(
        &self,
        question: &str,
        languages: &[String],
        (limit, is_everything): (usize, bool),
        may_show: P,
    ) -> Result<Vec<(u64, f32)>>
    where
        P: Fn(u64) -> bool + Send + Sync + Clone + 'static,
    {
        let doing = "the word index cannot be searched";
        let query = self.query(question, languages).context(doing)?;
        let Some(query) = query else { return Ok(Vec::new()) };
        let searcher = self.reader.searcher();
        let columns: Vec<_> =
            searcher.segment_readers().iter().map(|segment| segment.fast_fields().u64("seq")).collect::<Result<_, _>>().context(doing)?;
        let seq = |address: tantivy::DocAddress| columns.get(address.segment_ord as usize)?.first(address.doc_id);
        let limit = limit.max(1);
        // Without a filter whole blocks of chunks are passed over; what may not be shown is seldom among so many of the best.
        let most = if is_everything { limit } else { limit * MORE };
        let best = searcher.search(&query, &TopDocs::with_limit(most).order_by_score()).context(doing)?;
        let is_all = best.len() < most;
        let mut shown: Vec<(u64, f32)> = best.into_iter().filter_map(|(score, address)| Some((seq(address)?, score))).collect();
        shown.retain(|(seq, _)| may_show(*seq));
        if is_all || shown.len() >= limit {
            shown.truncate(limit);
            return Ok(shown);
        }
        let collector = FilterCollector::new("seq".to_owned(), may_show, TopDocs::with_limit(limit).order_by_score());
        let found = searcher.search(&query, &collector).context(doing)?;
        Ok(found.into_iter().filter_map(|(score, address)| Some((seq(address)?, score))).collect())
    }

    fn query(&self, question: &str, languages: &[String]) -> tantivy::Result<Option<BooleanQuery>> {
        let mut bodies: Vec<Field> = languages
            .iter()
            .filter_map(|language| self.fields.bodies.get(language.as_str()).or_else(|| self.fields.bodies.get("")))
            .copied()
            .collect();
        bodies.sort();
        bodies.dedup();
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for body in bodies {
            let mut analyzer = self.index.tokenizer_for_field(body)?;
            let mut words = analyzer.token_stream(question);
            let mut n_words = 0;
            while n_words < MOST_WORDS && words.advance() {
                n_words += 1;
                let term = Term::from_field_text(body, &words.token().text);
                clauses.push((Occur::Should, Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))));
            }
        }
        Ok((!clauses.is_empty()).then(|| BooleanQuery::new(clauses)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry<'a>(seq: u64, document: &'a str, language: &'a str, text: &str) -> Entry<'a> {
        Entry { seq, document, language, text: text.to_owned() }
    }

    fn found(lexical: &Lexical, question: &str) -> Vec<u64> {
        let languages = ["en".to_owned(), "de".to_owned(), "zh".to_owned()];
        lexical.search(question, &languages, (10, false), |seq| seq != 99).unwrap().into_iter().map(|(seq, _)| seq).collect()
    }

    #[test]
    fn words_find_their_chunks_across_forms_languages_and_scripts() {
        let folder = tempfile::tempdir().unwrap();
        let lexical = Lexical::open(folder.path()).unwrap();
        assert_eq!(lexical.watermark(), None);
        let entries = [
            entry(1, "a", "en", "Calls are transferred to the engineer on duty."),
            entry(2, "a", "en", "Backups are made every night."),
            entry(3, "b", "de", "Die Öffnungszeiten der Zentrale."),
            entry(4, "c", "zh", "电话系统的营业时间"),
            entry(99, "d", "en", "Backups that nobody may see."),
        ];
        lexical.apply(&[], entries, 7).unwrap();
        assert_eq!(found(&lexical, "How do I transfer a call?"), [1]);
        assert_eq!(found(&lexical, "making a backup"), [2]);
        assert_eq!(found(&lexical, "Öffnungszeit"), [3]);
        assert_eq!(found(&lexical, "营业时间"), [4]);
        assert!(found(&lexical, "what is the").is_empty());
        assert_eq!(Lexical::open(folder.path()).unwrap().watermark(), Some(7), "what was committed is there again");
        lexical.apply(&["a".to_owned()], [entry(5, "a", "en", "Nothing but parking.")], 8).unwrap();
        assert!(found(&lexical, "backup").is_empty());
        assert_eq!(found(&lexical, "park"), [5]);
    }
}
