//! `/api/v1/backups`, for super_admins.

use axum::Json;
use axum::body::Body as RawBody;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use tokio_util::io::ReaderStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ManageBackups;
use super::model::{BackupView, NewBackup};
use super::service::Backups;
use crate::base::Context as _;
use crate::base::page::{Listing, Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// The routes of this slice.
pub fn routes(backups: Backups) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, delete))
        .routes(routes!(verify))
        .routes(routes!(download))
        .with_state(backups)
}

/// All backups, newest first.
#[utoipa::path(get, path = "/api/v1/backups", tag = "backups", params(PageQuery), responses((status = 200, body = Listing<BackupView>)))]
async fn list(
    _: Can<ManageBackups>,
    State(backups): State<Backups>,
    Query(query): Query<PageQuery>,
) -> ApiResult<Json<Listing<BackupView>>> {
    let page = Page::from(&query);
    let (data, total) = backups.list(page).await?;
    Ok(Json(Listing::new(data, total, page, "/api/v1/backups", &[])))
}

/// Begins a backup. It is made while the box works; ask for it by its name until it is `done`.
#[utoipa::path(
    post, path = "/api/v1/backups", tag = "backups", request_body = NewBackup,
    responses(
        (status = 202, description = "It is being made", body = BackupView),
        (status = 409, description = "Another backup is being made"),
        (status = 422, description = "The passphrase is too short or too long"),
    )
)]
async fn create(
    can: Can<ManageBackups>,
    State(backups): State<Backups>,
    Body(new): Body<NewBackup>,
) -> ApiResult<(StatusCode, Json<BackupView>)> {
    Ok((StatusCode::ACCEPTED, Json(backups.start(can.actor(), new).await?)))
}

/// One backup.
#[utoipa::path(
    get, path = "/api/v1/backups/{name}", tag = "backups", params(("name" = String, Path)),
    responses((status = 200, body = BackupView), (status = 404, description = "No such backup"))
)]
async fn get(_: Can<ManageBackups>, State(backups): State<Backups>, Path(name): Path<String>) -> ApiResult<Json<BackupView>> {
    Ok(Json(backups.get(&name).await?))
}

/// Restores a backup into a temporary folder and checks every byte, the database and the hashes; the folder is removed again.
#[utoipa::path(
    post, path = "/api/v1/backups/{name}/verify", tag = "backups", params(("name" = String, Path)),
    responses(
        (status = 200, description = "`verify_error` says what was found", body = BackupView),
        (status = 404, description = "No such backup"),
        (status = 409, description = "It is still being made"),
        (status = 507, description = "The disk has no room for the check"),
    )
)]
async fn verify(can: Can<ManageBackups>, State(backups): State<Backups>, Path(name): Path<String>) -> ApiResult<Json<BackupView>> {
    Ok(Json(backups.verify(can.actor(), &name).await?))
}

/// The file of a backup: a tar archive with a last line that holds its SHA-256. Who takes it is written into the audit trail.
#[utoipa::path(
    get, path = "/api/v1/backups/{name}/file", tag = "backups", params(("name" = String, Path)),
    responses(
        (status = 200, description = "The file", content_type = "application/x-tar"),
        (status = 404, description = "No such backup, or its file is gone"),
        (status = 409, description = "It is still being made"),
    )
)]
async fn download(can: Can<ManageBackups>, State(backups): State<Backups>, Path(name): Path<String>) -> ApiResult<Response> {
    let (path, view) = backups.file(&name).await?;
    backups.note_download(can.actor(), &name).await?;
    let file = tokio::fs::File::open(&path).await.context("cannot open the backup")?;
    let size = file.metadata().await.context("cannot look at the backup")?.len();
    let headers = [
        (header::CONTENT_TYPE, "application/x-tar".to_owned()),
        (header::CONTENT_LENGTH, size.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", view.name)),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, RawBody::from_stream(ReaderStream::with_capacity(file, 64 * 1024))).into_response())
}

/// Deletes a backup, here and in the object store.
#[utoipa::path(
    delete, path = "/api/v1/backups/{name}", tag = "backups", params(("name" = String, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "No such backup"),
        (status = 409, description = "It is still being made"),
    )
)]
async fn delete(can: Can<ManageBackups>, State(backups): State<Backups>, Path(name): Path<String>) -> ApiResult<StatusCode> {
    backups.delete(can.actor(), &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
