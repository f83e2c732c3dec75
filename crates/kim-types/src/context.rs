//! The call context of a Konnektor.

use crate::{ClientSystemId, MandantId, UserId, WorkplaceId};

/// Who calls: the ids a Konnektor checks before it lets a card be used.
///
/// They come from the user name of the mail program. `user` is needed for an HBA only.
///
/// Spec: gemSpec_Kon 5.18.0, TIP1-A_4515 (call context); gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2010, KOM-LE-A_2032.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Context {
    /// The Mandant.
    pub mandant: MandantId,
    /// The Clientsystem.
    pub client_system: ClientSystemId,
    /// The workplace.
    pub workplace: WorkplaceId,
    /// The user, for cards that belong to a person.
    pub user: Option<UserId>,
}
