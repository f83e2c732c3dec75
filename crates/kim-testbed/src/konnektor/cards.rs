//! The operations about cards and their PIN.

use kim_types::Context;

use super::call::Call;
use super::fault::Fault;
use super::http::HttpResponse;
use super::namespace::Ns;
use super::request::Fields;
use super::response::Writer;
use super::state::Slot;
use crate::lock::lock;
use crate::pki::CardKind;

/// Lists the cards of a Mandant.
///
/// Spec: gemSpec_Kon 5.18.0, GetCards.
pub(super) fn get_cards(call: &Call<'_>) -> Result<HttpResponse, Fault> {
    let mut fields = call.message.fields();
    let context = call.context(&mut fields)?;
    let terminal = fields.optional(Ns::Ccmn, "CtId").map(|element| element.text().to_owned());
    let slot_id = fields.optional(Ns::Ccmn, "SlotId").map(|element| element.text().to_owned());
    let card_type = fields.optional(Ns::Ccmn, "CardType").map(|element| element.text().to_owned());
    fields.end()?;

    let mut out = call.response("GetCards");
    out.status(None);
    out.open(Ns::Card, "Cards");
    let state = lock(call.state);
    for (number, slot, handle) in state.cards_for(&context) {
        let wanted = card_type.as_deref().is_none_or(|card_type| is_of_type(slot.card.kind(), card_type))
            && terminal.as_deref().is_none_or(|terminal| terminal == TERMINAL)
            && slot_id.as_deref().is_none_or(|slot_id| slot_id == number.to_string());
        if wanted {
            write_card(&mut out, number, slot, handle.as_str());
        }
    }
    Ok(out.finish())
}

/// The id of the one terminal, with as many slots as there are cards.
const TERMINAL: &str = "testbed-terminal";

fn is_of_type(kind: CardKind, card_type: &str) -> bool {
    match kind {
        CardKind::Smb => matches!(card_type, "SM-B" | "SMC-B"),
        CardKind::Hba => matches!(card_type, "HBAx" | "HBA"),
    }
}

fn write_card(out: &mut Writer, number: usize, slot: &Slot, handle: &str) {
    out.open(Ns::Card, "Card");
    out.text(Ns::Conn, "CardHandle", handle);
    out.text(Ns::Ccmn, "CardType", if slot.card.kind() == CardKind::Smb { "SMC-B" } else { "HBA" });
    out.open(Ns::Card, "CardVersion");
    for version in ["COSVersion", "ObjectSystemVersion"] {
        out.open(Ns::Card, version);
        for (part, number) in [("Major", "4"), ("Minor", "8"), ("Revision", "0")] {
            out.text(Ns::Card, part, number);
        }
        out.close();
    }
    out.close();
    out.text(Ns::Ccmn, "Iccsn", slot.card.iccsn().as_str());
    out.text(Ns::Ccmn, "CtId", TERMINAL);
    out.text(Ns::Ccmn, "SlotId", &number.to_string());
    out.text(Ns::Card, "InsertTime", &slot.inserted);
    out.text(Ns::Card, "CardHolderName", slot.card.holder_name());
    out.text(Ns::Card, "CertificateExpirationDate", &format!("{}Z", slot.card.last_day()));
    out.close();
}

/// Tells whether a PIN was entered for the caller.
///
/// Spec: gemSpec_Kon 5.18.0, GetPinStatus.
pub(super) fn get_pin_status(call: &Call<'_>) -> Result<HttpResponse, Fault> {
    let (context, handle, pin) = pin_request(call)?;
    let mut state = lock(call.state);
    let (slot, session) = state.slot_for(&handle, &context)?;
    check_pin_type(slot, &pin)?;

    let mut out = call.response("GetPinStatus");
    out.status(None);
    out.text(Ns::Card, "PinStatus", slot.pin.status(&session).name());
    if let Some(left_tries) = slot.pin.left_tries(&session) {
        out.text(Ns::Card, "LeftTries", &left_tries.to_string());
    }
    Ok(out.finish())
}

/// Asks for a PIN at the terminal.
///
/// Spec: gemSpec_Kon 5.18.0, VerifyPin.
pub(super) fn verify_pin(call: &Call<'_>) -> Result<HttpResponse, Fault> {
    let (context, handle, pin) = pin_request(call)?;
    let mut state = lock(call.state);
    let (slot, session) = state.slot_for(&handle, &context)?;
    check_pin_type(slot, &pin)?;
    let outcome = slot.pin.verify(session);

    let mut out = call.response("VerifyPin");
    out.status(outcome.warning.map(Fault::new).as_ref());
    out.text(Ns::Ccmn, "PinResult", outcome.result);
    if let Some(left_tries) = outcome.left_tries {
        out.text(Ns::Ccmn, "LeftTries", &left_tries.to_string());
    }
    Ok(out.finish())
}

/// Context, card and PIN of a request.
fn pin_request(call: &Call<'_>) -> Result<(Context, String, String), Fault> {
    let mut fields: Fields<'_, '_> = call.message.fields();
    let context = call.context(&mut fields)?;
    let handle = fields.required(Ns::Conn, "CardHandle")?.text().to_owned();
    let pin = fields.required(Ns::Ccmn, "PinTyp")?.text().to_owned();
    fields.end()?;
    Ok((context, handle, pin))
}

fn check_pin_type(slot: &Slot, pin: &str) -> Result<(), Fault> {
    let expected = match slot.card.kind() {
        CardKind::Smb => "PIN.SMC",
        CardKind::Hba => "PIN.CH",
    };
    if pin == expected { Ok(()) } else { Err(Fault::new(4072)) }
}
