//! The one writer of the intake: what several edges wait for goes into one transaction, so that they share one sync of the disk.

use std::sync::Arc;

use domain::Problem;
use state::{Intake, State, StateError};
use tokio::sync::{mpsc, oneshot};

use crate::counters::Counters;

/// So many requests wait for the writer at most; more wait at their desks.
const QUEUE: usize = 64;
/// One transaction takes at most so many requests, and so many bytes of parcels.
const TOGETHER: usize = 32;
const TOGETHER_BYTES: usize = 32 << 20;

/// Why nothing was written.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    /// There is no room on the disk.
    pub(super) is_full: bool,
    pub(super) problem: Box<Problem>,
}

impl From<&StateError> for Failed {
    fn from(error: &StateError) -> Self {
        Self { is_full: matches!(error, StateError::Full(_)), problem: Box::new(error.problem()) }
    }
}

type Answer = Result<bool, Failed>;

/// Where requests hand in what they change. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Writer(mpsc::Sender<(Intake, oneshot::Sender<Answer>)>);

impl Writer {
    /// The writer, and what runs until all of its clones are gone: everything that was handed in is written then.
    pub(crate) fn new(state: State, counters: Arc<Counters>) -> (Self, impl Future<Output = ()>) {
        let (sender, mut receiver) = mpsc::channel(QUEUE);
        let run = async move {
            while let Some(first) = receiver.recv().await {
                let mut bytes = size(&first);
                let mut together = vec![first];
                while together.len() < TOGETHER && bytes < TOGETHER_BYTES {
                    let Ok(next) = receiver.try_recv() else { break };
                    bytes += size(&next);
                    together.push(next);
                }
                write(&state, &counters, together).await;
            }
        };
        (Self(sender), run)
    }

    /// Writes one; true when it is synced, false when its account was changed meanwhile.
    pub(super) async fn put(&self, intake: Intake) -> Answer {
        let (sender, receiver) = oneshot::channel();
        let gone = || Failed::from(&StateError::Stored { what: "The hub is stopping.".to_owned() });
        self.0.send((intake, sender)).await.map_err(|_| gone())?;
        receiver.await.map_err(|_| gone())?
    }
}

fn size((intake, _): &(Intake, oneshot::Sender<Answer>)) -> usize {
    intake.parcel.as_ref().map_or(0, |(_, parcel, _)| parcel.bytes.len())
}

async fn write(state: &State, counters: &Counters, together: Vec<(Intake, oneshot::Sender<Answer>)>) {
    let (intakes, senders): (Vec<Intake>, Vec<_>) = together.into_iter().unzip();
    Counters::add(&counters.commits, 1);
    let answers = match state.take_in(&intakes).await {
        Ok(taken) => taken.into_iter().map(Ok).collect(),
        Err(error) if intakes.len() == 1 => vec![Err(Failed::from(&error))],
        // whoever is at fault must not stop the others
        Err(_) => one_by_one(state, counters, &intakes).await,
    };
    for ((answer, sender), intake) in answers.into_iter().zip(senders).zip(intakes) {
        if let (Ok(true), Some((_, parcel, _))) = (&answer, &intake.parcel) {
            Counters::add(&counters.parcels, 1);
            Counters::add(&counters.parcel_bytes, u64::try_from(parcel.bytes.len()).unwrap_or(0));
        }
        // whoever asked may have gone; the edge asks again
        drop(sender.send(answer));
    }
}

async fn one_by_one(state: &State, counters: &Counters, intakes: &[Intake]) -> Vec<Answer> {
    let mut answers = Vec::with_capacity(intakes.len());
    for intake in intakes {
        Counters::add(&counters.commits, 1);
        let taken = state.take_in(std::slice::from_ref(intake)).await;
        answers.push(taken.map(|taken| taken.first() == Some(&true)).map_err(|error| Failed::from(&error)));
    }
    answers
}
