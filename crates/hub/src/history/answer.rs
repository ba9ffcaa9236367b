//! Answers about samples of any edge, out of what is staged and what is in files.
//!
//! What is staged is read before the manifest is: samples that move in between are then seen twice, never not at all, and merging
//! takes each once.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::log_record::LogBody;
use domain::{Id, SeriesId, TagPath, Timestamp, log_record};
use parquet::errors::ParquetError;
use state::{SampleFile, State};

use super::HistoryError;
use super::day::Day;
use super::draw::{Drawing, Trend};
use super::file::{File, Rows};
use super::merge::{Merge, sort};
use super::objects::{Object, Objects};
use super::row::{Label, Row, Wanted};
use super::staged::{Read, Staged};
use super::unpack::{Mark, Reason};

/// What was, of all edges. Cheap to clone.
#[derive(Clone)]
pub struct History {
    state: State,
    objects: Objects,
}

/// A series and what it means.
type Series = (SeriesId, Arc<Label>);

impl History {
    /// Of a hub's state and objects.
    pub fn new(state: State, objects: Objects) -> Self {
        Self { state, objects }
    }

    /// A tag in equal buckets with its gaps, as the edge would draw it. Of a tag that changed its meaning, the one with the
    /// newest sample. None when the edge never told of such a tag.
    pub async fn trend(
        &self,
        edge: Id,
        tag: &TagPath,
        from: Timestamp,
        to: Timestamp,
        buckets: u32,
    ) -> Result<Option<(Arc<Label>, Trend)>, HistoryError> {
        match self.draw(edge, tag, from, to, buckets).await {
            // a file that was named when we looked may be replaced and swept since; the one in its place is named now
            Err(HistoryError::File(_)) => self.draw(edge, tag, from, to, buckets).await,
            drawn => drawn,
        }
    }

    async fn draw(
        &self,
        edge: Id,
        tag: &TagPath,
        from: Timestamp,
        to: Timestamp,
        buckets: u32,
    ) -> Result<Option<(Arc<Label>, Trend)>, HistoryError> {
        let Some(series) = self.series(edge, tag).await? else { return Ok(None) };
        let label = Arc::clone(&series.1);
        let Some(drawing) = Drawing::new(from, to, buckets) else { return Ok(Some((label, Trend::default()))) };
        let wanted = Wanted { series: Some(series), from, to };
        let Read { mut rows, mut marks, .. } = self.staged(edge, &wanted).await?;
        sort(&mut rows);
        // the end is not in it, so the last moment is the one before
        let last = Timestamp::from_micros(to.micros() - 1);
        let files = self.state.sample_files(edge, Day::of(from).0, Day::of(last).0).await?;
        for gap in self.state.sample_gaps(edge, from, to).await? {
            let reason = Reason::from_name(&gap.reason);
            marks.extend(reason.map(|reason| Mark { from: gap.from, to: gap.to, reason }));
        }
        let days = self.days(files, rows, &wanted);
        blocking(move || {
            let mut drawing = drawing;
            for day in days {
                for row in day.rows(&wanted)? {
                    drawing.push(&row?);
                }
            }
            Ok(Some((label, drawing.finish(&marks))))
        })
        .await
    }

    /// The newest sample of a tag by arrival. None when there is none.
    pub async fn latest(&self, edge: Id, tag: &TagPath) -> Result<Option<Row>, HistoryError> {
        match self.newest(self.all_series(edge, tag).await?, edge).await {
            Err(HistoryError::File(_)) => self.newest(self.all_series(edge, tag).await?, edge).await,
            newest => newest,
        }
    }

    async fn newest(&self, of: BTreeSet<Series>, edge: Id) -> Result<Option<Row>, HistoryError> {
        let mut newest = None;
        for series in of {
            let row = self.newest_of(edge, series).await?;
            newest = newer(newest, row);
        }
        Ok(newest)
    }

    /// The one series of a tag, or of several the one with the newest sample.
    async fn series(&self, edge: Id, tag: &TagPath) -> Result<Option<Series>, HistoryError> {
        let all = self.all_series(edge, tag).await?;
        if all.len() < 2 {
            return Ok(all.into_iter().next());
        }
        let last = all.last().cloned();
        let newest = self.newest(all, edge).await?;
        Ok(newest.map(|row| (row.series, row.label)).or(last))
    }

    /// Every series that ever stood for this tag, in any life of the edge.
    async fn all_series(&self, edge: Id, tag: &TagPath) -> Result<BTreeSet<Series>, HistoryError> {
        let mut found = BTreeSet::new();
        for record in self.state.told_groups(edge).await? {
            let body = log_record::parse(&record).and_then(|raw| raw.decode(log_record::Meaning::default()));
            let Ok(LogBody::Define(group)) = body else { continue };
            for (id, def) in group.series {
                if def.tag == *tag {
                    found.insert((id, Arc::new(Label { tag: def.tag, unit: def.unit })));
                }
            }
        }
        Ok(found)
    }

    async fn staged(&self, edge: Id, wanted: &Wanted) -> Result<Read, HistoryError> {
        let mut staged = Staged::new(self.state.clone(), edge, wanted.clone());
        while staged.more().await? {}
        Ok(staged.finish())
    }

    async fn newest_of(&self, edge: Id, series: Series) -> Result<Option<Row>, HistoryError> {
        let wanted = Wanted { series: Some(series), ..Wanted::ALL };
        let staged = self.staged(edge, &wanted).await?;
        let mut newest = staged.rows.into_iter().fold(None, |newest, row| newer(newest, Some(row)));
        let mut files = self.state.sample_files(edge, i64::MIN, i64::MAX).await?;
        files.sort_by_key(|file| std::cmp::Reverse(file.last));
        for file in files {
            if newest.as_ref().is_some_and(|newest: &Row| newest.arrival > file.last) {
                break;
            }
            let object = self.objects.open(&file.object, file.bytes);
            let wanted = wanted.clone();
            newest = newer(newest, blocking(move || newest_in(object, &wanted)).await?);
        }
        Ok(newest)
    }

    /// Files and staged rows by day: only within a day they have to be merged.
    fn days(&self, files: Vec<SampleFile>, rows: Vec<Row>, wanted: &Wanted) -> Vec<OneDay> {
        let mut days = std::collections::BTreeMap::<Day, OneDay>::new();
        let touches = |file: &SampleFile| file.last >= wanted.from && file.first < wanted.to;
        for file in files.into_iter().filter(touches) {
            let object = self.objects.open(&file.object, file.bytes);
            days.entry(Day(file.day)).or_default().objects.push(object);
        }
        for row in rows {
            days.entry(Day::of(row.arrival)).or_default().staged.push(row);
        }
        days.into_values().collect()
    }
}

#[derive(Default)]
struct OneDay {
    objects: Vec<Object>,
    staged: Vec<Row>,
}

type Source = Box<dyn Iterator<Item = Result<Row, ParquetError>>>;

impl OneDay {
    fn rows(self, wanted: &Wanted) -> Result<Merge<Source>, ParquetError> {
        let mut sources: Vec<Source> = vec![Box::new(self.staged.into_iter().map(Ok))];
        for object in self.objects {
            sources.push(Box::new(Rows::of(Arc::new(File::open(object)?), wanted.clone())));
        }
        Merge::new(sources)
    }
}

fn newest_in(object: Object, wanted: &Wanted) -> Result<Option<Row>, HistoryError> {
    let file = File::open(object)?;
    let mut newest = None;
    // rows of a series are in order of arrival, so the last row group that has any has the newest
    for group in file.groups(wanted).into_iter().rev() {
        newest = file.read(group, wanted)?.into_iter().fold(newest, |newest, row| newer(newest, Some(row)));
        if newest.is_some() {
            break;
        }
    }
    Ok(newest)
}

/// By arrival, then by number; of one sample in two lives the one that files put first.
fn newer(one: Option<Row>, other: Option<Row>) -> Option<Row> {
    let (Some(one), Some(other)) = (&one, &other) else { return one.or(other) };
    let key = |row: &Row| (row.arrival, row.number, std::cmp::Reverse(row.epoch));
    Some(if key(other) > key(one) { other.clone() } else { one.clone() })
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HistoryError> + Send + 'static,
) -> Result<T, HistoryError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(HistoryError::BrokeOff))
}
