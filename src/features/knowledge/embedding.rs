//! Vectors of texts: by the model in this program, or by a service the operator names.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::model::{Embedding, EmbeddingProvider};
use crate::base::secret::{Secret, sha256_hex};
use crate::base::{Error, Result};
use crate::platform::embed::{Embedder, MODEL};
use crate::platform::net::{Outbound, Request};

/// How long a service may take for one batch.
const WITHIN: Duration = Duration::from_secs(60);
/// Largest answer of a service.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// What makes vectors. Cheap to clone.
#[derive(Clone)]
pub(super) struct Embeddings {
    built_in: BuiltIn,
    net: Outbound,
}

/// The built-in model, or why it cannot be used.
type BuiltIn = std::result::Result<Embedder, String>;

/// The model of one base.
pub(super) enum Model {
    /// In this program.
    BuiltIn,
    /// A service that speaks the OpenAI API.
    Service {
        /// Root of its API.
        base_url: String,
        /// Model name.
        model: String,
        /// Key.
        key: Option<Secret>,
    },
}

impl Model {
    pub(super) fn of(embedding: &Embedding, key: Option<Secret>) -> Self {
        match embedding.provider {
            EmbeddingProvider::BuiltIn => Self::BuiltIn,
            EmbeddingProvider::Openai => Self::Service {
                base_url: embedding.base_url.clone().unwrap_or_default().trim_end_matches('/').to_owned(),
                model: embedding.model.clone().unwrap_or_default(),
                key,
            },
        }
    }
}

/// Names the vectors of a model: those of another name cannot be compared with them.
pub(super) fn space(embedding: &Embedding) -> String {
    match embedding.provider {
        EmbeddingProvider::BuiltIn => MODEL.to_owned(),
        EmbeddingProvider::Openai => {
            let (base_url, model) = (embedding.base_url.clone().unwrap_or_default(), embedding.model.clone().unwrap_or_default());
            format!("openai:{}", &sha256_hex(&format!("{}\n{model}", base_url.trim_end_matches('/')))[..16])
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<One>,
}

#[derive(Deserialize)]
struct One {
    index: usize,
    embedding: Vec<f32>,
}

impl Embeddings {
    pub(super) fn new(net: Outbound) -> Self {
        Self { built_in: Embedder::built_in().map_err(|error| error.to_string()), net }
    }

    /// One vector of length one for each text, in their order.
    pub(super) async fn embed(&self, model: &Model, texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        match model {
            Model::BuiltIn => {
                let built_in =
                    self.built_in.clone().map_err(|cause| Error::internal("the built-in model cannot be used").caused_by(cause))?;
                let work = move || built_in.embed(&texts.iter().map(String::as_str).collect::<Vec<_>>());
                tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(Error::internal("the embedding panicked")))
            }
            Model::Service { base_url, model, key } => self.ask(base_url, model, key.as_ref(), &texts).await,
        }
    }

    async fn ask(&self, base_url: &str, model: &str, key: Option<&Secret>, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        let refused = |sentence: String| Error::upstream(format!("the embedding service {sentence}")).code("embedding_failed");
        let mut request = Request::post(format!("{base_url}/embeddings")).json(&json!({ "model": model, "input": texts }))?.within(WITHIN);
        if let Some(key) = key {
            request = request.header("authorization", &format!("Bearer {}", key.expose()));
        }
        let answer = self.net.operator(request).await.map_err(|error| refused(format!("cannot be used: {}", error.message())))?;
        if !answer.is_success() {
            return Err(refused(format!("answered with status {}", answer.status)));
        }
        let Answer { data } = answer.json(MOST_BYTES).await.map_err(|error| refused(format!("answered badly: {}", error.message())))?;
        vectors(data, texts.len()).ok_or_else(|| refused("sent other vectors than it was asked for".to_owned()))
    }
}

/// The vectors in the order of their texts, each of length one. `None` when one is missing, or they are of different kinds.
fn vectors(data: Vec<One>, n_texts: usize) -> Option<Vec<Vec<f32>>> {
    let mut vectors = vec![Vec::new(); n_texts];
    for one in data {
        let length = one.embedding.iter().map(|value| value * value).sum::<f32>().sqrt();
        let is_sound = length.is_finite() && length > 0.0;
        *vectors.get_mut(one.index).filter(|_| is_sound)? = one.embedding.iter().map(|value| value / length).collect();
    }
    let n = vectors.first().map_or(0, Vec::len);
    vectors.iter().all(|vector| vector.len() == n && n > 0).then_some(vectors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_come_in_order_with_length_one_or_not_at_all() {
        let one = |index, embedding: &[f32]| One { index, embedding: embedding.to_vec() };
        let found = vectors(vec![one(1, &[0.0, 2.0]), one(0, &[3.0, 4.0])], 2).unwrap();
        assert_eq!(found, [vec![0.6, 0.8], vec![0.0, 1.0]]);
        assert!(vectors(vec![one(0, &[1.0])], 2).is_none(), "one is missing");
        assert!(vectors(vec![one(0, &[1.0]), one(1, &[1.0, 1.0])], 2).is_none(), "different kinds");
        assert!(vectors(vec![one(0, &[0.0])], 1).is_none() && vectors(vec![one(7, &[1.0])], 1).is_none());
    }

    #[test]
    fn a_space_is_told_by_service_and_model_and_not_by_key() {
        let service = |model: &str| Embedding {
            provider: EmbeddingProvider::Openai,
            base_url: Some("http://a/v1/".to_owned()),
            model: Some(model.to_owned()),
            api_key: None,
        };
        assert_ne!(space(&service("a")), space(&service("b")));
        assert_eq!(space(&Embedding { base_url: Some("http://a/v1".to_owned()), ..service("a") }), space(&service("a")));
        assert_eq!(space(&Embedding::default()), MODEL);
    }
}
