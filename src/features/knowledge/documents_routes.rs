//! `/api/v1/knowledge-bases/{kb_id}/documents`: uploads, URLs, and what became of them.

use axum::Json;
use axum::extract::multipart::{Field, Multipart, MultipartError, MultipartRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::documents::Upload;
use super::model::{DocumentChange, NewSource, ParseStatus, wrong};
use super::service::Knowledge;
use super::views::{ChunkView, DocumentView};
use super::{EditKnowledge, ReadKnowledge};
use crate::base::id::{DocumentId, KnowledgeBaseId};
use crate::base::page::{Listing, Page, PageQuery};
use crate::base::{Error, Result};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// Largest field of an upload that is no file.
const MOST_FIELD: usize = 16 * 1024;
/// Most bytes of a refused file that are still taken.
const MOST_DRAINED: usize = 256 * 1024 * 1024;

pub(super) fn routes() -> OpenApiRouter<Knowledge> {
    OpenApiRouter::new()
        // The upload counts its own bytes, by the setting knowledge.max_document_mb.
        .merge(OpenApiRouter::new().routes(routes!(upload, list)).layer(DefaultBodyLimit::disable()))
        .routes(routes!(add_source))
        .routes(routes!(get, change, remove))
        .routes(routes!(text))
        .routes(routes!(chunks))
        .routes(routes!(reindex))
}

/// The body of an upload.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described; the fields are read as they come")]
struct UploadForm {
    /// The file; its name's ending says what it is.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
    /// Words to filter searches by, with commas between them.
    #[schema(nullable = false)]
    tags: Option<String>,
}

/// Filters of the list of documents.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DocumentsQuery {
    /// Only those that stand here.
    status: Option<ParseStatus>,
}

/// Takes a file in: it is stored now, read and indexed in the background. The same file of the same base is recognised: 200 with the document
/// that is there.
#[utoipa::path(
    post, path = "/api/v1/knowledge-bases/{kb_id}/documents", tag = "knowledge", params(("kb_id" = String, Path)),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Stored; indexing begins", body = DocumentView),
        (status = 200, description = "This very file is there already", body = DocumentView),
        (status = 413, description = "The file is larger than knowledge.max_document_mb"),
        (status = 422, description = "No file, a name that ends in nothing known, or a wrong field"),
        (status = 507, description = "The disk is full"),
    )
)]
async fn upload(
    can: Can<EditKnowledge>,
    State(knowledge): State<Knowledge>,
    Path(kb_id): Path<KnowledgeBaseId>,
    form: Result<Multipart, MultipartRejection>,
) -> ApiResult<(StatusCode, Json<DocumentView>)> {
    let form = form.map_err(|_| Error::invalid("the body must be multipart/form-data with a file").field("file", "is needed"))?;
    let (upload, tags) = read_form(&knowledge, &kb_id, form).await?;
    let (document, is_new) = knowledge.add(can.actor(), kb_id, upload, &tags).await?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(document)))
}

async fn read_form(knowledge: &Knowledge, kb_id: &KnowledgeBaseId, mut form: Multipart) -> Result<(Upload, Vec<String>)> {
    let (mut upload, mut tags) = (None, Vec::new());
    while let Some(mut field) = form.next_field().await.map_err(|error| broken(&error))? {
        match field.name() {
            Some("file") if upload.is_none() => {
                let name = field.file_name().unwrap_or_default().to_owned();
                // A name that will not do is refused before its bytes come.
                super::format::Format::of_name(&super::model::file_name(&name)?)?;
                let mut file = knowledge.begin_upload(kb_id.clone()).await?;
                while let Some(bytes) = field.chunk().await.map_err(|error| broken(&error))? {
                    if let Err(refusal) = file.write(&bytes).await {
                        drain(field).await;
                        return Err(refusal);
                    }
                }
                upload = Some(Upload { name, file });
            }
            Some("tags") => {
                let mut text = Vec::new();
                while let Some(bytes) = field.chunk().await.map_err(|error| broken(&error))? {
                    text.extend_from_slice(&bytes);
                    if text.len() > MOST_FIELD {
                        return Err(wrong("tags", "must be at most 16 KiB"));
                    }
                }
                let text = String::from_utf8(text).map_err(|_| wrong("tags", "must be UTF-8"))?;
                tags.extend(text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned));
            }
            Some("file") => return Err(wrong("file", "must come once")),
            name => return Err(wrong(name.unwrap_or("body"), "is no field of an upload: they are file and tags")),
        }
    }
    Ok((upload.ok_or_else(|| wrong("file", "is needed"))?, tags))
}

/// Takes the rest of a refused file, within reason: a sender that is cut off in the middle never reads why.
async fn drain(mut field: Field<'_>) {
    let mut n_bytes = 0;
    while let Ok(Some(bytes)) = field.chunk().await {
        n_bytes += bytes.len();
        if n_bytes > MOST_DRAINED {
            return;
        }
    }
}

fn broken(error: &MultipartError) -> Error {
    Error::invalid("the upload broke off or is no multipart/form-data").caused_by(error.to_string())
}

/// Lists the documents of a base, newest first, with where each stands.
#[utoipa::path(
    get, path = "/api/v1/knowledge-bases/{kb_id}/documents", tag = "knowledge",
    params(("kb_id" = String, Path), DocumentsQuery, PageQuery), responses((status = 200, body = Listing<DocumentView>))
)]
async fn list(
    _: Can<ReadKnowledge>,
    State(knowledge): State<Knowledge>,
    Path(kb_id): Path<KnowledgeBaseId>,
    Query(DocumentsQuery { status }): Query<DocumentsQuery>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<DocumentView>>> {
    let (page, path) = (Page::from(&page), format!("/api/v1/knowledge-bases/{kb_id}/documents"));
    let (rows, total) = knowledge.documents(kb_id, status, page).await?;
    Ok(Json(Listing::new(rows, total, page, &path, &[("status", status.map(ParseStatus::word))])))
}

/// Adds a document that is fetched from a URL, through the guard and as far as the site's `robots.txt` lets us; with `refresh_hours` again and
/// again.
#[utoipa::path(
    post, path = "/api/v1/knowledge-bases/{kb_id}/documents/from-url", tag = "knowledge", params(("kb_id" = String, Path)),
    request_body = NewSource,
    responses(
        (status = 201, description = "Noted; fetching begins", body = DocumentView),
        (status = 200, description = "A document of this URL is there already", body = DocumentView),
        (status = 507, description = "The disk is full"),
    )
)]
async fn add_source(
    can: Can<EditKnowledge>,
    State(knowledge): State<Knowledge>,
    Path(kb_id): Path<KnowledgeBaseId>,
    Body(source): Body<NewSource>,
) -> ApiResult<(StatusCode, Json<DocumentView>)> {
    let (document, is_new) = knowledge.add_source(can.actor(), kb_id, source).await?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(document)))
}

/// Reads where a document stands.
#[utoipa::path(
    get, path = "/api/v1/knowledge-bases/{kb_id}/documents/{document_id}", tag = "knowledge",
    params(("kb_id" = String, Path), ("document_id" = String, Path)), responses((status = 200, body = DocumentView))
)]
async fn get(
    _: Can<ReadKnowledge>,
    State(knowledge): State<Knowledge>,
    Path((kb_id, id)): Path<(KnowledgeBaseId, DocumentId)>,
) -> ApiResult<Json<DocumentView>> {
    Ok(Json(knowledge.document(kb_id, id).await?))
}

/// Changes name, tags or refresh of a document.
#[utoipa::path(
    patch, path = "/api/v1/knowledge-bases/{kb_id}/documents/{document_id}", tag = "knowledge",
    params(("kb_id" = String, Path), ("document_id" = String, Path)), request_body = DocumentChange,
    responses((status = 200, body = DocumentView))
)]
async fn change(
    can: Can<EditKnowledge>,
    State(knowledge): State<Knowledge>,
    Path((kb_id, id)): Path<(KnowledgeBaseId, DocumentId)>,
    Body(change): Body<DocumentChange>,
) -> ApiResult<Json<DocumentView>> {
    Ok(Json(knowledge.change_document(can.actor(), kb_id, id, change).await?))
}

/// Removes a document with its text, its chunks, its file and what the index has of it.
#[utoipa::path(
    delete, path = "/api/v1/knowledge-bases/{kb_id}/documents/{document_id}", tag = "knowledge",
    params(("kb_id" = String, Path), ("document_id" = String, Path)), responses((status = 204, description = "It is gone"))
)]
async fn remove(
    can: Can<EditKnowledge>,
    State(knowledge): State<Knowledge>,
    Path((kb_id, id)): Path<(KnowledgeBaseId, DocumentId)>,
) -> ApiResult<StatusCode> {
    knowledge.remove_document(can.actor(), kb_id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The text of a document as it was read; offsets of chunks and passages count its characters.
#[utoipa::path(
    get, path = "/api/v1/knowledge-bases/{kb_id}/documents/{document_id}/text", tag = "knowledge",
    params(("kb_id" = String, Path), ("document_id" = String, Path)),
    responses((status = 200, description = "The text", content_type = "text/plain", body = String))
)]
async fn text(
    _: Can<ReadKnowledge>,
    State(knowledge): State<Knowledge>,
    Path((kb_id, id)): Path<(KnowledgeBaseId, DocumentId)>,
) -> ApiResult<Response> {
    let text = knowledge.text(kb_id, id).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

/// The chunks of a document that searches look at, in order.
#[utoipa::path(
    get, path = "/api/v1/knowledge-bases/{kb_id}/documents/{document_id}/chunks", tag = "knowledge",
    params(("kb_id" = String, Path), ("document_id" = String, Path), PageQuery), responses((status = 200, body = Listing<ChunkView>))
)]
async fn chunks(
    _: Can<ReadKnowledge>,
    State(knowledge): State<Knowledge>,
    Path((kb_id, id)): Path<(KnowledgeBaseId, DocumentId)>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<ChunkView>>> {
    let (page, path) = (Page::from(&page), format!("/api/v1/knowledge-bases/{kb_id}/documents/{id}/chunks"));
    let (rows, total) = knowledge.chunks(kb_id, id, page).await?;
    Ok(Json(Listing::new(rows, total, page, &path, &[])))
}

/// Takes a document in once more: from its file, or from its URL. Searches find what was there until it is done.
#[utoipa::path(
    post, path = "/api/v1/knowledge-bases/{kb_id}/documents/{document_id}/reindex", tag = "knowledge",
    params(("kb_id" = String, Path), ("document_id" = String, Path)), responses((status = 200, body = DocumentView))
)]
async fn reindex(
    can: Can<EditKnowledge>,
    State(knowledge): State<Knowledge>,
    Path((kb_id, id)): Path<(KnowledgeBaseId, DocumentId)>,
) -> ApiResult<Json<DocumentView>> {
    Ok(Json(knowledge.reindex(can.actor(), kb_id, id).await?))
}
