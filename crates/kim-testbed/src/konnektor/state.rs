//! Who may call and which cards are there: [`State`].

use std::collections::VecDeque;
use std::sync::Arc;

use kim_types::{CardHandle, Context, Iccsn, MandantId};
use time::OffsetDateTime;

use super::clock;
use super::events::{Event, SentEvent};
use super::fault::Fault;
use super::pin::{Pin, PinStatus, Session};
use crate::pki::{Card, CardKind};

/// As many job numbers back, none may be used again.
const REMEMBERED_JOB_NUMBERS: usize = 1000;

#[derive(Debug, Default)]
pub(super) struct State {
    /// Mandant, Clientsystem and workplace that go together.
    contexts: Vec<Context>,
    slots: Vec<Slot>,
    job_numbers: VecDeque<String>,
    jobs: u32,
    plug_cycles: u32,
    pub(super) subscriptions: Vec<Subscription>,
    subscription_ids: u32,
    /// Events that nobody has sent yet.
    pub(super) events: Vec<SentEvent>,
}

/// Who wants which events.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) context: Context,
    /// Host and port.
    pub(super) sink: String,
    pub(super) topic: String,
    pub(super) ends: OffsetDateTime,
}

/// A slot of a terminal, and the card in it.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) card: Arc<Card>,
    pub(super) handle: Option<CardHandle>,
    pub(super) inserted: String,
    pub(super) pin: Pin,
    mandants: Vec<MandantId>,
}

/// A card, and whether its PIN was entered for the caller.
pub(super) struct CardAccess {
    pub(super) card: Arc<Card>,
    open: bool,
}

impl CardAccess {
    /// The card, if its keys can be used.
    pub(super) fn opened(&self) -> Result<&Card, Fault> {
        if self.open { Ok(&self.card) } else { Err(Fault::new(4085)) }
    }
}

impl State {
    pub(super) fn add_context(&mut self, context: Context) {
        self.contexts.push(Context { user: None, ..context });
    }

    /// Whether Mandant, Clientsystem and workplace are known, and known together.
    pub(super) fn check(&self, context: &Context) -> Result<(), Fault> {
        let known = |fits: &dyn Fn(&Context) -> bool| self.contexts.iter().any(fits);
        let mandant = |known: &Context| known.mandant == context.mandant;
        let system = |known: &Context| known.client_system == context.client_system;
        let workplace = |known: &Context| known.workplace == context.workplace;
        let rules = [
            (known(&mandant), 4004),
            (known(&system), 4005),
            (known(&workplace), 4006),
            (known(&|known| mandant(known) && system(known)), 4010),
            (known(&|known| mandant(known) && workplace(known)), 4011),
            (known(&|known| mandant(known) && system(known) && workplace(known)), 4014),
        ];
        match rules.into_iter().find(|(obeyed, _)| !obeyed) {
            None => Ok(()),
            Some((_, code)) => Err(Fault::new(code)),
        }
    }

    pub(super) fn insert(&mut self, card: Arc<Card>, mandants: &[MandantId], pin: PinStatus) {
        let (mandants, pin) = (mandants.to_vec(), Pin::new(pin));
        self.slots.push(Slot { card, handle: None, inserted: String::new(), mandants, pin });
    }

    pub(super) fn slot(&mut self, iccsn: &Iccsn) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.card.iccsn() == iccsn)
    }

    /// Plugs a card in, which gives it a new handle.
    pub(super) fn plug(&mut self, iccsn: &Iccsn) -> Option<CardHandle> {
        self.plug_cycles = self.plug_cycles.saturating_add(1);
        let cycle = self.plug_cycles;
        let slot = self.slot(iccsn)?;
        let kind = match slot.card.kind() {
            CardKind::Smb => "SMC-B",
            CardKind::Hba => "HBA",
        };
        slot.handle = format!("{kind}-{cycle}").parse().ok();
        slot.inserted = clock::timestamp();
        slot.pin.unplug();
        slot.handle.clone()
    }

    /// Plugs a card in, pulling it before if it is there, and reports both.
    pub(super) fn replug(&mut self, iccsn: &Iccsn) -> Option<CardHandle> {
        self.remove(iccsn);
        let handle = self.plug(iccsn);
        self.report_card("CARD/INSERTED", iccsn);
        handle
    }

    /// Pulls a card and reports it.
    pub(super) fn remove(&mut self, iccsn: &Iccsn) {
        self.report_card("CARD/REMOVED", iccsn);
        if let Some(slot) = self.slot(iccsn) {
            slot.handle = None;
        }
    }

    /// Reports something about a card that is plugged in, to those who may see it.
    fn report_card(&mut self, topic: &str, iccsn: &Iccsn) {
        let mut slots = self.slots.iter().zip(1..);
        let Some((slot, number, handle)) = slots.find_map(|(slot, number): (&Slot, u32)| {
            let handle = slot.handle.as_ref().filter(|_| slot.card.iccsn() == iccsn)?;
            Some((slot, number.to_string(), handle))
        }) else {
            return;
        };
        let kind = if slot.card.kind() == CardKind::Smb { "SMC-B" } else { "HBA" };
        let event = Event {
            topic,
            parameters: &[
                ("CardHandle", handle.as_str()),
                ("CardType", kind),
                ("ICCSN", iccsn.as_str()),
                ("CtID", "testbed-terminal"),
                ("SlotID", &number),
                ("InsertTime", &slot.inserted),
                ("CardHolderName", slot.card.holder_name()),
            ],
        };
        let now = OffsetDateTime::now_utc();
        let wanted = self.subscriptions.iter().filter(|subscription| {
            let about = topic.get(..subscription.topic.len());
            about.is_some_and(|about| about.eq_ignore_ascii_case(&subscription.topic))
                && slot.mandants.contains(&subscription.context.mandant)
                && subscription.ends > now
        });
        self.events.extend(wanted.map(|one| event.for_subscription(&one.id, &one.sink)));
    }

    /// The id of the next subscription.
    pub(super) fn next_subscription_id(&mut self) -> String {
        self.subscription_ids = self.subscription_ids.wrapping_add(1);
        format!("subscription-{}", self.subscription_ids)
    }

    /// Plugs every card that is there in again, reports the restart to all who subscribed, and forgets them.
    pub(super) fn restart(&mut self) {
        let mut sinks: Vec<String> = self.subscriptions.drain(..).map(|one| one.sink).collect();
        sinks.sort();
        sinks.dedup();
        let event = Event { topic: "BOOTUP/BOOTUP_COMPLETE", parameters: &[] };
        self.events.extend(sinks.iter().map(|sink| event.for_subscription("", sink)));
        let there = self.slots.iter().filter(|slot| slot.handle.is_some());
        let cards: Vec<Iccsn> = there.map(|slot| slot.card.iccsn().clone()).collect();
        for iccsn in cards {
            self.plug(&iccsn);
        }
    }

    /// The cards in the terminals, with their slot numbers, that the caller may see.
    pub(super) fn cards_for(&self, context: &Context) -> impl Iterator<Item = (usize, &Slot, &CardHandle)> {
        let slots = self.slots.iter().zip(1..);
        slots
            .filter(|(slot, _)| slot.mandants.contains(&context.mandant))
            .filter_map(|(slot, number)| slot.handle.as_ref().map(|handle| (number, slot, handle)))
    }

    /// The card with this handle, for a caller who may use it.
    pub(super) fn slot_for(
        &mut self,
        handle: &str,
        context: &Context,
    ) -> Result<(&mut Slot, Session), Fault> {
        let slot = self
            .slots
            .iter_mut()
            .find(|slot| slot.handle.as_ref().is_some_and(|known| known.as_str() == handle))
            .ok_or_else(|| Fault::new(4101))?;
        if slot.card.kind() == CardKind::Hba && context.user.is_none() {
            return Err(Fault::new(4003));
        }
        if !slot.mandants.contains(&context.mandant) {
            return Err(Fault::new(if slot.card.kind() == CardKind::Smb { 4013 } else { 4012 }));
        }
        let session = Session::of(slot.card.kind(), context);
        Ok((slot, session))
    }

    pub(super) fn card_for(&mut self, handle: &str, context: &Context) -> Result<CardAccess, Fault> {
        let (slot, session) = self.slot_for(handle, context)?;
        Ok(CardAccess { card: Arc::clone(&slot.card), open: slot.pin.opens(&session) })
    }

    /// A job number of three letters and three digits.
    pub(super) fn next_job_number(&mut self) -> String {
        self.jobs = self.jobs.wrapping_add(1);
        let letters: String = [676, 26, 1]
            .into_iter()
            .filter_map(|weight| char::from_u32(u32::from('A') + self.jobs / 1000 / weight % 26))
            .collect();
        format!("{letters}-{:03}", self.jobs % 1000)
    }

    /// Notes a job number that is used; it must not be one of the last thousand.
    pub(super) fn use_job_number(&mut self, number: &str) -> Result<(), Fault> {
        if self.job_numbers.iter().any(|used| used == number) {
            return Err(Fault::new(4252));
        }
        self.job_numbers.push_back(number.to_owned());
        if self.job_numbers.len() > REMEMBERED_JOB_NUMBERS {
            self.job_numbers.pop_front();
        }
        Ok(())
    }
}
