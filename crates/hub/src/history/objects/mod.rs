//! Where files are: a folder, or a bucket that speaks S3. A file is never changed; its name says its content.

mod http;

use std::io::Read;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, Bytes};
use domain::{Id, Timestamp};
use futures_util::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;

use self::http::Hyper;
use super::day::Day;

/// Below it an object is put in one request; S3 takes no smaller parts of one that is put in several.
const PART: usize = 8 << 20;
/// Parts on their way at a time: with the bytes of a part, what an upload holds in memory.
const PARTS_AT_ONCE: usize = 2;
/// Read at least from the end of a file, where its metadata is.
const TAIL: u64 = 64 << 10;
/// Read at once elsewhere: about a row group, so that it costs a request or two.
const AHEAD: u64 = 1 << 20;

/// What can go wrong with objects.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// `--objects` names no place that we know.
    #[error("{0} is neither a folder nor s3://bucket/prefix")]
    Url(String),
    /// The folder can't be used.
    #[error("the folder {folder} can't be used")]
    Folder {
        /// Which.
        folder: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The store did not do it.
    #[error("the object store failed")]
    Store(#[from] object_store::Error),
    /// A file beside it could not be read.
    #[error("a file to be stored can't be read")]
    Read(#[source] std::io::Error),
}

/// The objects of a hub. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    place: String,
}

/// One that was found in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// When it was put, by the store's clock.
    pub put: Timestamp,
}

impl Objects {
    /// `s3://bucket/prefix` with the usual `AWS_*` variables of the environment, `file:///folder`, or a folder, which is made
    /// when it is not there.
    pub fn at(place: &str) -> Result<Self, ObjectError> {
        let store: Arc<dyn ObjectStore> = match place.split_once("://") {
            Some(("s3", rest)) => {
                let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                if bucket.is_empty() {
                    return Err(ObjectError::Url(place.to_owned()));
                }
                let is_http = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"]
                    .iter()
                    .any(|name| std::env::var(name).is_ok_and(|url| url.starts_with("http://")));
                s3(AmazonS3Builder::from_env().with_allow_http(is_http), bucket, prefix)?
            }
            Some(("file", folder)) => folder_at(FilePath::new(folder))?,
            Some(_) => return Err(ObjectError::Url(place.to_owned())),
            None => folder_at(FilePath::new(place))?,
        };
        Ok(Self { store, place: place.to_owned() })
    }

    /// A bucket at an address of its own, by keys that are given: for those who have no `AWS_*` in their environment.
    pub fn s3(endpoint: &str, bucket: &str, prefix: &str, key: (&str, &str)) -> Result<Self, ObjectError> {
        let builder = AmazonS3Builder::new()
            .with_endpoint(endpoint)
            .with_allow_http(endpoint.starts_with("http://"))
            .with_region("us-east-1")
            .with_access_key_id(key.0)
            .with_secret_access_key(key.1);
        Ok(Self { store: s3(builder, bucket, prefix)?, place: format!("s3://{bucket}/{prefix}") })
    }

    /// As it was given.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Puts a file under the name that its content has. When this returns, it survives a power cut. Putting it again changes
    /// nothing.
    pub async fn put(&self, edge: Id, day: Day, file: std::fs::File) -> Result<(String, u64), ObjectError> {
        let file = Arc::new(file);
        let (digest, bytes) = hash(Arc::clone(&file)).await?;
        let name = format!("edges/{edge}/{day}/{digest}.parquet");
        let path = Path::from(name.as_str());
        if usize::try_from(bytes).is_ok_and(|bytes| bytes <= PART) {
            let content = part(&file, 0, bytes).await?;
            self.store.put(&path, content.into()).await?;
            return Ok((name, bytes));
        }
        let mut upload = WriteMultipart::new_with_chunk_size(self.store.put_multipart(&path).await?, PART);
        let mut at = 0;
        while at < bytes {
            let content = part(&file, at, bytes - at).await?;
            at += content.len() as u64;
            upload.wait_for_capacity(PARTS_AT_ONCE).await?;
            upload.put(content);
        }
        upload.finish().await?;
        Ok((name, bytes))
    }

    /// Keeps a parcel as it came, for whoever wants to know what could not be read of it. Gives its name.
    pub async fn put_unreadable(&self, edge: Id, parcel: Vec<u8>) -> Result<String, ObjectError> {
        let digest = hex::encode(Sha256::digest(&parcel));
        let name = format!("edges/{edge}/unreadable/{digest}.parcel");
        self.store.put(&Path::from(name.as_str()), parcel.into()).await?;
        Ok(name)
    }

    /// Deletes an object. One that is not there is none to delete.
    pub async fn delete(&self, name: &str) -> Result<(), ObjectError> {
        match self.store.delete(&Path::from(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Calls `each` with every file of samples of one edge. Their number is that of its manifest and the orphans.
    pub async fn list(&self, edge: Id, mut each: impl FnMut(Found)) -> Result<(), ObjectError> {
        let mut listed = self.store.list(Some(&Path::from(format!("edges/{edge}"))));
        while let Some(meta) = listed.try_next().await? {
            if meta.location.extension() == Some("parquet") {
                let put = Timestamp::from_micros(meta.last_modified.timestamp_micros());
                each(Found { name: meta.location.to_string(), put });
            }
        }
        Ok(())
    }

    /// An object to be read from a thread that may wait, in ranges. `bytes` is its length.
    pub fn open(&self, name: &str, bytes: u64) -> Object {
        let (store, path) = (Arc::clone(&self.store), Path::from(name));
        Object { store, path, bytes, runtime: Handle::current(), kept: Mutex::new(None) }
    }
}

fn folder_at(folder: &FilePath) -> Result<Arc<dyn ObjectStore>, ObjectError> {
    let failed = |source| ObjectError::Folder { folder: folder.display().to_string(), source };
    std::fs::create_dir_all(folder).map_err(failed)?;
    Ok(Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true)))
}

fn s3(builder: AmazonS3Builder, bucket: &str, prefix: &str) -> Result<Arc<dyn ObjectStore>, ObjectError> {
    let store = builder.with_bucket_name(bucket).with_http_connector(Hyper).build()?;
    Ok(Arc::new(PrefixStore::new(store, prefix)))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, ObjectError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(std::io::Error::other(error))).map_err(ObjectError::Read)
}

/// SHA-256 in hex, and the length.
async fn hash(file: Arc<std::fs::File>) -> Result<(String, u64), ObjectError> {
    blocking(move || {
        use std::io::Seek;
        let mut file = file.as_ref();
        file.rewind()?;
        let mut digest = Sha256::new();
        let bytes = std::io::copy(&mut file, &mut digest)?;
        Ok((hex::encode(digest.finalize()), bytes))
    })
    .await
}

/// Bytes from `at` on, at most [`PART`] and at most `left`.
async fn part(file: &Arc<std::fs::File>, at: u64, left: u64) -> Result<Bytes, ObjectError> {
    let file = Arc::clone(file);
    blocking(move || {
        use std::io::{Seek, SeekFrom};
        let mut file = file.as_ref();
        file.seek(SeekFrom::Start(at))?;
        let most = left.min(PART as u64);
        let mut content = Vec::with_capacity(usize::try_from(most).unwrap_or(PART));
        file.take(most).read_to_end(&mut content)?;
        Ok(content.into())
    })
    .await
}

/// An object that is read in ranges. What was fetched last is kept, so that a row group costs one request.
#[derive(Debug)]
pub struct Object {
    store: Arc<dyn ObjectStore>,
    path: Path,
    bytes: u64,
    runtime: Handle,
    kept: Mutex<Option<(u64, Bytes)>>,
}

impl Object {
    /// At least `least` bytes from `start` on, as many as are kept.
    fn kept(&self, start: u64, least: u64) -> Option<Bytes> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (from, bytes) = kept.as_ref()?;
        let begin = usize::try_from(start.checked_sub(*from)?).ok()?;
        (begin as u64 + least <= bytes.len() as u64).then(|| bytes.slice(begin..))
    }

    /// At least `least` bytes from `start` on. Waits; not to be called from an async function.
    fn bytes_from(&self, start: u64, least: u64) -> Result<Bytes, ParquetError> {
        if let Some(kept) = self.kept(start, least) {
            return Ok(kept);
        }
        let end = self.bytes.min(start.saturating_add(least.max(AHEAD)));
        // the metadata is at the end, and is read from its own end on
        let start_here = if end == self.bytes { start.min(end.saturating_sub(TAIL)) } else { start };
        let fetched = self.runtime.block_on(self.store.get_range(&self.path, start_here..end));
        let fetched = fetched.map_err(|error| ParquetError::External(Box::new(error)))?;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((start_here, fetched));
        self.kept(start, least).ok_or_else(|| ParquetError::EOF(format!("{} ends too early", self.path)))
    }
}

impl Length for Object {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Object {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        // what is read in this way is the head of a page, which is short
        Ok(self.bytes_from(start, TAIL.min(self.bytes.saturating_sub(start)))?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let bytes = self.bytes_from(start, length as u64)?;
        Ok(bytes.slice(..length))
    }
}
