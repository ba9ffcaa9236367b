//! Records: unpacked and checked beside, judged on the account, stored as they came, and durable before the answer leaves.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::log_record::{LogBody, Meaning as LogMeaning, RecordKind};
use domain::said::link as said;
use domain::{Id, Timestamp};
use link::Stream;
use link::parcel::{Meaning, Parcel, records};
use link::up::hub::{Account, Dictionary, Taken};
use link::up::site::Answer;
use link::up::{Line, Refusal as Said};
use link::wire::MAX_PARCEL;
use state::{AccountRevision, Intake as Change, LifeOf, StagedParcel, Told};

use super::desk::Memory;
use super::refusal::Refusal;
use super::{Intake, gate, requests};

/// As for a request.
const TRIES: usize = 5;

/// `POST` [`link::wire::PARCELS`].
pub(super) async fn take(State(intake): State<Arc<Intake>>, request: Request) -> Response {
    match answer(&intake, request).await {
        Ok(answer) => {
            requests::note(&intake, &answer);
            Json(answer).into_response()
        }
        Err(refusal) => refusal.answer(&intake),
    }
}

async fn answer(intake: &Intake, request: Request) -> Result<Answer, Refusal> {
    let admitted = gate::admit(intake, request, MAX_PARCEL).await?;
    let edge = admitted.speaker.edge;
    let turn = turn(&admitted.uri, edge)?;
    let desk = intake.desks.of(edge);
    desk.hear(intake.clock.now());
    let mut memory = desk.turn().await.ok_or_else(Refusal::busy)?;
    let answer = judge(intake, &mut memory, edge, turn, admitted.body.clone()).await;
    if answer.is_err() {
        memory.forget();
    }
    answer
}

fn turn(uri: &Uri, edge: Id) -> Result<u64, Refusal> {
    let pairs = uri.query().unwrap_or_default().split('&');
    let turn = pairs.filter_map(|pair| pair.strip_prefix("turn=")).find_map(|turn| turn.parse().ok());
    turn.ok_or_else(|| {
        let args = [("why", "`?turn=` is missing".into())];
        Refusal::of(said::MESSAGE_UNREADABLE.problem(format!("edge {edge}"), args))
    })
}

async fn judge(intake: &Intake, memory: &mut Memory, edge: Id, turn: u64, body: Bytes) -> Result<Answer, Refusal> {
    let _room = intake.unpacking.acquire().await.map_err(|_| Refusal::busy())?;
    let bytes = body.clone();
    let unpacked = tokio::task::spawn_blocking(move || Parcel::decode(&bytes)).await.map_err(|_| broken_off())?;
    let parcel = match unpacked {
        Ok(parcel) => Arc::new(parcel),
        Err(error) => {
            let problem = error.problem(&format!("edge {edge}"));
            return Ok(Answer::Refused(Said::Parcel { problem }));
        }
    };
    if !requests::can_be_stored(parcel.header.last) {
        return Ok(Answer::Refused(requests::too_large(edge)));
    }
    let life = LifeOf { edge, epoch: parcel.header.epoch, stream: parcel.header.stream };
    for _ in 0..TRIES {
        let stored = intake.state.edge_account(edge).await?;
        let told = memory.told(&intake.state, life).await?;
        let (parcel, now) = (Arc::clone(&parcel), intake.clock.now());
        let body = body.clone();
        let judging = tokio::task::spawn_blocking(move || judged(stored, turn, &parcel, &told, &body, now));
        match judging.await.map_err(|_| broken_off())? {
            Judged::Refused(refused) => return Ok(Answer::Refused(refused)),
            Judged::Already(line) => {
                crate::counters::Counters::add(&intake.counters.already, 1);
                return Ok(Answer::Line(line));
            }
            Judged::New { line, change, more } => {
                if intake.writer.put(*change).await? {
                    memory.learn(life, more);
                    return Ok(Answer::Line(line));
                }
            }
        }
    }
    Err(Refusal::busy())
}

/// What is to be done with a parcel.
enum Judged {
    Refused(Said),
    Already(Line),
    New { line: Line, change: Box<Change>, more: BTreeSet<Meaning> },
}

struct Known<'a>(&'a BTreeSet<Meaning>);

impl Dictionary for Known<'_> {
    fn knows(&self, _: Stream, meaning: Meaning) -> bool {
        self.0.contains(&meaning)
    }
}

fn judged(
    stored: AccountRevision,
    turn: u64,
    parcel: &Parcel,
    told: &BTreeSet<Meaning>,
    body: &Bytes,
    at: Timestamp,
) -> Judged {
    let AccountRevision { mut account, revision } = stored;
    let taken = Account::take(&mut account, turn, parcel, &Known(told));
    let (line, contents) = match taken {
        Err(refused) => return Judged::Refused(refused),
        Ok(Taken::Already { line }) => return Judged::Already(line),
        Ok(Taken::New { line, contents }) => (line, contents),
    };
    let header = &parcel.header;
    let life = LifeOf { edge: header.edge, epoch: header.epoch, stream: header.stream };
    let more: BTreeSet<Meaning> = contents.told.difference(told).copied().collect();
    let new = if more.is_empty() { Vec::new() } else { meanings(parcel, &more) };
    let staged = StagedParcel { first: header.first, last: header.last, crc: header.crc, bytes: body.to_vec() };
    let parcel = Some((life, staged, new));
    Judged::New { line, change: Box::new(Change { account, based_on: revision, parcel, lost: Vec::new(), at }), more }
}

/// The records in a parcel that tell these meanings.
fn meanings(parcel: &Parcel, wanted: &BTreeSet<Meaning>) -> Vec<Told> {
    let stream = parcel.header.stream;
    let all = records::read(stream, &parcel.told).chain(records::read(stream, &parcel.records));
    let raw = all.filter_map(|record| record.ok()?.raw);
    let telling = raw.filter(|raw| matches!(raw.kind, RecordKind::Define | RecordKind::Packing));
    let told = telling.filter_map(|raw| {
        let meaning = match raw.decode(LogMeaning::default()).ok()? {
            LogBody::Define(group) => Meaning::Group(group.group),
            LogBody::Packing(packing) => Meaning::Packing(packing.group, packing.number),
            _ => return None,
        };
        Some(Told { meaning, record: raw.bytes.to_vec() })
    });
    told.filter(|told| wanted.contains(&told.meaning)).collect()
}

fn broken_off() -> Refusal {
    state::StateError::Stored { what: "Checking a parcel broke off.".to_owned() }.into()
}
