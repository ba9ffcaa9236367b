//! What was: trends and exports out of the store.

use std::sync::Arc;

use async_trait::async_trait;
use config::site::SiteConfig;
use domain::said;
use domain::{Problem, SeriesId, TagPath, Timestamp};
use server::api::history::{ExportFormat, ExportLayout, HistoryRoom};
use server::api::trend::Gap;
use server::ports::{self, ByteStream, Export, TrendColumns};
use store::table::{self, Format, Layout};
use store::{GapReason, Store, Trend};
use tokio::sync::{mpsc, watch};

use crate::pipeline::tag_table::TagTable;

/// Pieces of an export that wait for a slow reader.
const PIECES: usize = 8;

/// See the module.
#[derive(Debug)]
pub(crate) struct HistoryPort {
    /// Where samples are kept.
    pub store: Arc<Store>,
    /// Which series a tag is.
    pub table: Arc<TagTable>,
    /// How much is kept.
    pub site: watch::Receiver<Arc<SiteConfig>>,
}

#[async_trait]
impl ports::History for HistoryPort {
    async fn trend(
        &self,
        tags: &[TagPath],
        from: Timestamp,
        to: Timestamp,
        buckets: u32,
    ) -> Result<Vec<TrendColumns>, Problem> {
        let series: Vec<Option<SeriesId>> = tags.iter().map(|tag| self.series(tag)).collect();
        let store = Arc::clone(&self.store);
        blocking(move || {
            let each = series.into_iter().map(|series| match series {
                Some(series) => store.trend(series, from, to, buckets).map(|trend| columns(&trend)),
                None => {
                    Ok(TrendColumns { missing: Some("there is no such tag".to_owned()), ..TrendColumns::default() })
                }
            });
            each.collect()
        })
        .await
    }

    async fn export(&self, export: Export) -> Result<ByteStream, Problem> {
        let mut columns = Vec::new();
        for (name, tag) in &export.columns {
            let series = self
                .series(tag)
                .ok_or_else(|| said::act::TAG_UNKNOWN.problem(tag.to_string(), [("name", tag.to_string().into())]))?;
            columns.push((name.clone(), series));
        }
        let (sender, receiver) = mpsc::channel(PIECES);
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || write_export(&store, &export, &columns, &sender));
        Ok(Box::pin(tokio_stream::wrappers::ReceiverStream::new(receiver)))
    }

    async fn room(&self) -> HistoryRoom {
        let store = Arc::clone(&self.store);
        let settings = self.site.borrow().history;
        let policy = store::Retention { keep: settings.keep.get(), max_bytes: settings.max_size.get() };
        let stats = blocking(move || store.stats(&policy)).await.unwrap_or_default();
        let whole = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        HistoryRoom {
            bytes: whole(stats.log_bytes + stats.history_bytes + stats.notes_bytes),
            max_bytes: whole(settings.max_size.get()),
            free_bytes: Some(whole(stats.free_bytes)),
            keep_days: settings.keep.get().as_secs_f64() / 86_400.0,
            oldest_ms: stats.oldest.map(Timestamp::millis),
            days_left: stats.days_left,
            samples: self.store.counters().samples,
        }
    }
}

impl HistoryPort {
    fn series(&self, tag: &TagPath) -> Option<SeriesId> {
        self.table.get(tag).map(|(info, _)| info.series)
    }
}

async fn blocking<T, F>(work: F) -> Result<T, Problem>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, Problem> + Send + 'static,
{
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Problem::new("history.failed", "history", error.to_string()))?
}

/// Buckets as columns; where a series has no numbers there is a gap, never a line.
fn columns(trend: &Trend) -> TrendColumns {
    let half = i64::try_from(trend.width.as_millis() / 2).unwrap_or(0);
    let mut columns = TrendColumns::default();
    for bucket in &trend.buckets {
        columns.t.push(bucket.t.millis() + half);
        columns.min.push(bucket.min);
        columns.max.push(bucket.max);
        columns.mean.push(bucket.mean);
    }
    columns.gaps = trend.gaps.iter().map(gap).collect();
    if trend.buckets.is_empty() {
        columns.missing = Some("no history of this tag in this time".to_owned());
    }
    columns
}

fn gap(gap: &store::Gap) -> Gap {
    let reason = match gap.reason {
        Some(GapReason::Stopped) => said::model::STOPPED,
        Some(GapReason::ClockStep) => said::model::CLOCK_SET,
        Some(GapReason::Retention) => said::model::TOO_OLD,
        Some(GapReason::DiskFull) => said::model::DISK_FULL,
        Some(GapReason::Damaged) => said::model::DAMAGED,
        None => said::model::NO_DATA,
    };
    let said = Some(reason.plain().into());
    Gap { from_ms: gap.from.millis(), to_ms: gap.to.millis(), reason: reason.words.to_owned(), said }
}

/// Writes the file into the channel; stops when nobody reads any more.
fn write_export(
    store: &Store,
    export: &Export,
    columns: &[(String, SeriesId)],
    sender: &mpsc::Sender<Result<Vec<u8>, std::io::Error>>,
) {
    let format = match export.format {
        ExportFormat::Csv => Format::Csv,
        ExportFormat::Parquet => Format::Parquet,
    };
    let layout = match export.layout {
        ExportLayout::Long => Layout::Long,
        ExportLayout::Wide => Layout::Wide,
    };
    let pipe = Pipe { sender: sender.clone() };
    let written = table::export(store, columns, export.from, export.to, format, layout, std::io::BufWriter::new(pipe));
    if let Err(problem) = written {
        let _gone = sender.blocking_send(Err(std::io::Error::other(problem)));
    }
}

/// A writer into a channel.
struct Pipe {
    sender: mpsc::Sender<Result<Vec<u8>, std::io::Error>>,
}

impl std::io::Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let sent = self.sender.blocking_send(Ok(bytes.to_vec()));
        sent.map(|()| bytes.len()).map_err(|_| std::io::Error::from(std::io::ErrorKind::BrokenPipe))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
