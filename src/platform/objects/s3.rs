//! An S3-compatible store (MinIO, AWS, R2, Spaces). rust-s3 signs and writes; what is read streams through `platform/net` from a signed
//! URL, so that the guard and the time limits of this program hold. All of rust-s3 stands in this file.

use std::time::Duration;

use s3::creds::Credentials;
use s3::error::S3Error;
use s3::serde_types::Part;
use s3::{Bucket, Region};
use serde::{Deserialize, Serialize};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use crate::base::secret::Secret;
use crate::base::{Context, Error, Kind, Result};
use crate::platform::net::{Answer, Host, NetError, Outbound, Request, Target};

/// How long the store may take to begin an answer to whoever waits for a recording.
const READ_WITHIN: Duration = Duration::from_millis(2500);
/// How long one part may take on its way up: a slow line carries it within this time, and a job's lease is longer.
const WRITE_WITHIN: Duration = Duration::from_secs(100);
/// Bytes of one part of an upload: the smallest that S3 takes. It bounds what an upload holds in memory.
const PART: u64 = 5 * 1024 * 1024;
/// Life of the signed URLs that this program reads from itself, in seconds.
const READ_LIFE_S: u32 = 900;
/// When to come again while the store is away, in seconds.
const COME_AGAIN_S: u32 = 5;

/// Where the store is, and by which key.
#[derive(Debug, Clone)]
pub struct S3Options {
    /// Host and port.
    pub endpoint: String,
    /// TLS or not.
    pub secure: bool,
    /// Region.
    pub region: String,
    /// Bucket.
    pub bucket: String,
    /// Whether the bucket stands in the path.
    pub path_style: bool,
    /// Id of the key.
    pub access_key: String,
    /// The key.
    pub secret_key: Secret,
}

/// The store. Cheap to clone.
#[derive(Clone)]
pub struct S3 {
    bucket: Box<Bucket>,
    net: Outbound,
    host: String,
    port: u16,
    location: String,
}

/// How far an upload has come; kept between attempts, so that a crash costs one part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The store's name for the upload; empty before it begins.
    pub upload_id: String,
    /// The store's tag of each part that has arrived, in order.
    pub parts: Vec<String>,
}

impl S3 {
    /// The store of these options. Nothing is sent yet.
    pub fn new(options: &S3Options, net: Outbound) -> Result<Self> {
        let scheme = if options.secure { "https" } else { "http" };
        let region = Region::Custom { region: options.region.clone(), endpoint: format!("{scheme}://{}", options.endpoint) };
        let credentials = Credentials::new(Some(&options.access_key), Some(options.secret_key.expose()), None, None, None)
            .context("the keys of the object store cannot be used")?;
        let mut bucket = Bucket::new(&options.bucket, region, credentials).context("the object store cannot be used")?;
        bucket.set_request_timeout(Some(WRITE_WITHIN));
        if options.path_style {
            bucket.set_path_style();
        }
        let target = Target::read(&bucket.url())?;
        let host = match target.host {
            Host::Name(name) => name,
            Host::Address(address) => address.to_string(),
        };
        let location = format!("{}/{}", options.endpoint, options.bucket);
        Ok(Self { bucket, net, host, port: target.port, location })
    }

    /// Endpoint and bucket in one word, to tell where an object was uploaded to.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// A URL under which whoever has it may read the object for so many seconds, at most a week.
    pub async fn signed_url(&self, key: &str, seconds: u32) -> Result<String> {
        self.bucket.presign_get(key, seconds.min(604_800), None).await.map_err(refusal)
    }

    /// Begins to read an object, or the bytes of it from the first to the last of `part`. `None` when there is none; `Unavailable` when the
    /// store does not answer in time.
    pub async fn read(&self, key: &str, part: Option<(u64, u64)>) -> Result<Option<Answer>> {
        let mut request = Request::get(self.signed_url(key, READ_LIFE_S).await?).within(READ_WITHIN);
        if let Some((first, last)) = part {
            request = request.header("range", &format!("bytes={first}-{last}"));
        }
        let answer = self.net.operator(request).await.map_err(away)?;
        match answer.status {
            200 | 206 => Ok(Some(answer)),
            // What is asked for is not there, or has another size than whoever asks believes.
            404 | 416 => Ok(None),
            status => Err(refused_with(status)),
        }
    }

    /// Size of an object, if it is there. `Unavailable` when the store does not answer in time.
    pub async fn size(&self, key: &str) -> Result<Option<u64>> {
        self.permitted().await?;
        let asked = tokio::time::timeout(READ_WITHIN, self.bucket.head_object(key)).await;
        match asked.map_err(|_| Error::unavailable("the object store does not answer").retry_after(COME_AGAIN_S))? {
            Ok((head, _)) => Ok(Some(head.content_length.unwrap_or_default().unsigned_abs())),
            Err(S3Error::HttpFailWithBody(404, _)) => Ok(None),
            Err(error) => Err(refusal(error)),
        }
    }

    /// Stores a small object.
    pub async fn put(&self, key: &str, bytes: &[u8]) -> Result<()> {
        self.permitted().await?;
        self.bucket.put_object(key, bytes).await.map_err(refusal).map(drop)
    }

    /// Takes an upload one part further and says whether the object is whole now. Call it until it is; `progress` may be stored in between
    /// and given again after a crash. An upload that the store has forgotten begins anew.
    pub async fn upload(&self, key: &str, file: &mut File, size: u64, progress: &mut Progress) -> Result<bool> {
        self.permitted().await?;
        let stepped = self.step(key, file, size, progress).await;
        match stepped {
            Err(S3Error::HttpFailWithBody(404, body)) if body.contains("NoSuchUpload") => {
                *progress = Progress::default();
                Ok(self.size(key).await? == Some(size))
            }
            other => other.map_err(refusal),
        }
    }

    async fn step(&self, key: &str, file: &mut File, size: u64, progress: &mut Progress) -> Result<bool, S3Error> {
        if size <= PART {
            let bytes = bytes_of(file, 0, size).await?;
            self.bucket.put_object(key, &bytes).await?;
            return Ok(true);
        }
        if progress.upload_id.is_empty() {
            progress.upload_id = self.bucket.initiate_multipart_upload(key, "application/octet-stream").await?.upload_id;
        }
        let sent = progress.parts.len() as u64 * PART;
        if sent < size {
            let bytes = bytes_of(file, sent, PART.min(size - sent)).await?;
            let number = progress.parts.len() as u32 + 1;
            let part = self.bucket.put_multipart_chunk(bytes, key, number, &progress.upload_id, "application/octet-stream").await?;
            progress.parts.push(part.etag);
            return Ok(false);
        }
        let parts = (1..).zip(&progress.parts).map(|(part_number, etag)| Part { part_number, etag: etag.clone() }).collect();
        self.bucket.complete_multipart_upload(key, &progress.upload_id, parts).await?;
        Ok(true)
    }

    /// Takes back an upload that will not be finished, so that its parts take no room.
    pub async fn abandon(&self, key: &str, progress: &Progress) -> Result<()> {
        if progress.upload_id.is_empty() {
            return Ok(());
        }
        self.permitted().await?;
        match self.bucket.abort_upload(key, &progress.upload_id).await {
            Ok(()) | Err(S3Error::HttpFailWithBody(404, _)) => Ok(()),
            Err(error) => Err(refusal(error)),
        }
    }

    /// Removes an object; one that is not there is no failure.
    pub async fn delete(&self, key: &str) -> Result<()> {
        self.permitted().await?;
        match self.bucket.delete_object(key).await {
            Ok(_) | Err(S3Error::HttpFailWithBody(404, _)) => Ok(()),
            Err(error) => Err(refusal(error)),
        }
    }

    /// rust-s3 connects by itself: the guard is asked before, so that no name leads it to an address that operators may not name.
    async fn permitted(&self) -> Result<()> {
        self.net.operator_addresses(&self.host, self.port).await.map(drop).map_err(away)
    }
}

async fn bytes_of(file: &mut File, start: u64, length: u64) -> Result<Vec<u8>, S3Error> {
    file.seek(std::io::SeekFrom::Start(start)).await?;
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    file.read_exact(&mut bytes).await?;
    Ok(bytes)
}

fn away(error: NetError) -> Error {
    Error::unavailable("the object store does not answer").retry_after(COME_AGAIN_S).caused_by(error)
}

fn refused_with(status: u16) -> Error {
    let sentence = match status {
        403 => "the object store refuses the access key".to_owned(),
        status => format!("the object store answered {status}"),
    };
    Error::unavailable(sentence).retry_after(COME_AGAIN_S)
}

/// What rust-s3 failed with. Bodies of answers go to the log alone.
fn refusal(error: S3Error) -> Error {
    match error {
        S3Error::HttpFailWithBody(404, body) if body.contains("NoSuchBucket") => {
            Error::new(Kind::Unavailable, "the object store has no such bucket").retry_after(COME_AGAIN_S)
        }
        S3Error::HttpFailWithBody(status, body) => refused_with(status).caused_by(body.chars().take(300).collect::<String>()),
        S3Error::Io(error) => Error::internal("cannot read what is to be uploaded").caused_by(error),
        error => Error::unavailable("the object store does not answer").retry_after(COME_AGAIN_S).caused_by(error),
    }
}

impl std::fmt::Debug for S3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "S3({})", self.location)
    }
}
