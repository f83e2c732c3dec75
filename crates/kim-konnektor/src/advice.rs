//! What to tell people and programs about an error: [`Class::advice`], [`Class::code`].

use crate::Class;

impl Class {
    /// A code for logs and monitoring that stays the same, whatever the wording around it.
    ///
    /// Spec: none — our own.
    pub fn code(self) -> &'static str {
        match self {
            Self::Configuration => "konnektor-configuration",
            Self::Transient => "konnektor-transient",
            Self::Pin => "konnektor-pin",
            Self::Person => "konnektor-person",
            Self::Refresh => "konnektor-refresh",
            Self::Recipient => "konnektor-recipient",
            Self::Data => "konnektor-data",
            Self::Warning => "konnektor-warning",
            Self::Unavailable => "konnektor-unavailable",
            Self::Unknown => "konnektor-unknown",
        }
    }

    /// What a person in the practice can do about it: one sentence in German, without names and numbers.
    ///
    /// Spec: none — the specification leaves the wording to the product.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Configuration => {
                "Bitte lassen Sie prüfen, ob Mandant, Clientsystem, Arbeitsplatz und Zugangsdaten am Konnektor und im \
                 Clientmodul übereinstimmen."
            }
            Self::Transient => {
                "Der Konnektor ist gerade beschäftigt; bitte versuchen Sie es in einigen Minuten erneut."
            }
            Self::Pin => "Bitte geben Sie die PIN der Karte am Kartenterminal ein.",
            Self::Person => {
                "Bitte prüfen Sie die Karte am Kartenterminal: Die PIN ist gesperrt, noch eine Transport-PIN oder ihre \
                 Eingabe wurde abgebrochen."
            }
            Self::Refresh => "Bitte prüfen Sie, ob die Karte im Kartenterminal steckt.",
            Self::Recipient => {
                "Das Zertifikat eines Empfängers ist nicht verwendbar; bitte wenden Sie sich an den Empfänger."
            }
            Self::Data => {
                "Der Konnektor kann diese Nachricht nicht verarbeiten; ein erneuter Versuch hilft nicht."
            }
            Self::Warning => {
                "Der Konnektor hat den Auftrag mit einem Hinweis ausgeführt; es ist nichts zu tun."
            }
            Self::Unavailable => {
                "Der Konnektor antwortet nicht; bitte prüfen Sie, ob er eingeschaltet und im Netz erreichbar ist."
            }
            Self::Unknown => {
                "Der Konnektor meldet einen unbekannten Fehler; bitte wenden Sie sich an den Support."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_class_has_a_code_and_a_sentence_of_its_own() {
        let codes = [4004, 4060, 4085, 4063, 4101, 4105, 4112, 4264, 1];
        let classes: Vec<Class> = codes.into_iter().map(Class::of).chain([Class::Unavailable]).collect();
        let distinct = |text: fn(Class) -> &'static str| -> usize {
            classes.iter().map(|class| text(*class)).collect::<HashSet<_>>().len()
        };
        assert_eq!((distinct(Class::code), distinct(Class::advice)), (10, 10));
        for class in classes {
            assert!(class.code().bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'-'));
            assert!(class.advice().ends_with('.') && !class.advice().contains("  "), "{class:?}");
        }
    }
}
