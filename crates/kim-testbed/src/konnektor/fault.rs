//! How a Konnektor says no: [`Fault`].

use super::namespace::Ns;
use super::response::Writer;

/// An error of a Konnektor, as SOAP fault or within the status of a response.
///
/// Spec: gemSpec_Kon 5.18.0, A_14159 (the last trace is gematik's); gemSpec_OM (fault structure, tel/error/v2.0).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The code of gematik in the last trace.
    pub code: u16,
    /// Codes and texts of the manufacturer in the traces before it.
    pub vendor_traces: Vec<(u32, String)>,
    /// What exactly was wrong.
    pub detail: Option<String>,
    /// Leaves the element `detail` out, as proxies and broken Konnektors do.
    pub without_detail: bool,
}

/// Real Konnektors write a new UUID every time; nothing here needs to find one again.
const MESSAGE_ID: &str = "00000000-0000-4000-8000-000000000000";
/// Errors that are notes about a success.
const WARNINGS: [u16; 7] = [4043, 4065, 4256, 4257, 4259, 4264, 4273];
/// Errors of the type Security; the others are Technical.
const SECURITY: [u16; 11] = [4010, 4011, 4012, 4013, 4014, 4024, 4063, 4085, 4115, 4123, 4126];

impl Fault {
    /// The fault with this code.
    pub fn new(code: u16) -> Self {
        Self { code, vendor_traces: Vec::new(), detail: None, without_detail: false }
    }

    /// The same fault with a trace of the manufacturer before the last one.
    pub fn with_vendor_trace(mut self, code: u32, text: &str) -> Self {
        self.vendor_traces.push((code, text.to_owned()));
        self
    }

    pub(super) fn syntax(detail: &str) -> Self {
        Self { detail: Some(detail.to_owned()), ..Self::new(4000) }
    }

    /// Writes `Error`.
    pub(super) fn write(&self, out: &mut Writer) {
        out.open(Ns::Gerror, "Error");
        out.text(Ns::Gerror, "MessageID", MESSAGE_ID);
        out.text(Ns::Gerror, "Timestamp", &super::clock::timestamp());
        for (code, text) in &self.vendor_traces {
            write_trace(out, *code, "Error", "Technical", text, None);
        }
        let severity = if WARNINGS.contains(&self.code) { "Warning" } else { "Error" };
        let kind = if SECURITY.contains(&self.code) { "Security" } else { "Technical" };
        write_trace(out, self.code.into(), severity, kind, self.text(), self.detail.as_deref());
        out.close();
    }

    /// The text gematik defines for the code.
    pub(super) fn text(&self) -> &'static str {
        match self.code {
            4000 => "Syntaxfehler",
            4001 => "interner Fehler",
            4003 => "Keine User-ID angegeben, die zur Identifikation der Kartensitzung_HBAx benötigt wird.",
            4004 => "Ungültige Mandanten-ID",
            4005 => "Ungültige Clientsystem-ID",
            4006 => "Ungültige Arbeitsplatz-ID",
            4008 => "Karte nicht als gesteckt identifiziert",
            4010 => "Clientsystem ist dem Mandanten nicht zugeordnet",
            4011 => "Arbeitsplatz ist dem Mandanten nicht zugeordnet",
            4012 => "Kartenterminal ist dem Mandanten nicht zugeordnet",
            4013 => "SM-B_Verwaltet ist dem Mandanten nicht zugeordnet",
            4014 => "Für den Mandanten ist der Arbeitsplatz nicht dem Clientsystem zugeordnet",
            4021 => "Es sind nicht alle Pflichtparameter mandantId, clientSystemId, workplaceId gefüllt.",
            4024 => "Formatvalidierung fehlgeschlagen (Text)",
            4043 => "Timeout bei der PIN-Eingabe",
            4049 => "Abbruch durch den Benutzer",
            4063 => "PIN bereits gesperrt (BLOCKED)",
            4065 => "PIN ist transportgeschützt, Änderung erforderlich",
            4069 => "korruptes Chiffrat bei asymmetrischer Entschlüsselung",
            4072 => "Ungültige PIN-Referenz PinRef",
            4085 => "Zugriffsbedingungen nicht erfüllt",
            4101 => "Karten-Handle ungültig",
            4105 => "hybride Verschlüsselung konnte nicht durchgeführt werden",
            4106 => "falscher Schlüssel",
            4107 => "hybride Entschlüsselung konnte nicht durchgeführt werden",
            4110 => "ungültiges Dokumentformat",
            4111 => "ungültiger Signaturtyp oder Signaturvariante",
            4112 => "Dokument nicht konform zu Regeln für nonQES",
            4115 => "Signatur des Dokuments ungültig.",
            4123 => "Fehler bei Signaturerstellung",
            4126 => "Kartentyp nicht zulässig für Signatur",
            4147 => "Zertifikat nicht vorhanden",
            4149 => "Ungültige Zertifikatsreferenz",
            4201 => "kryptographischer Algorithmus vom Konnektor nicht unterstützt",
            4206 => "Signaturzertifikat ermitteln ist fehlgeschlagen",
            4209 => "Kartentyp wird durch diese Operation nicht unterstützt.",
            4252 => "Jobnummer wurde in den letzten 1.000 Aufrufen bereits verwendet und ist nicht zulässig",
            4253 => "Keine Signatur im Aufruf",
            4256 => "Zertifikat auf Karte nicht vorhanden",
            4258 => "ECC-Zertifikate nicht vorhanden auf Karte",
            4264 => "Ein oder mehrere Zertifikate ignoriert",
            4273 => "Attribute im Parameter dss:Properties wurden ignoriert",
            4279 => "S/MIME-Funktionalität nicht unterstützt",
            4282 => "Maximalanzahl von Empfängerzertifikaten überschritten",
            4283 => "Dokument zu groß",
            _ => "Fehler",
        }
    }
}

fn write_trace(out: &mut Writer, code: u32, severity: &str, kind: &str, text: &str, detail: Option<&str>) {
    out.open(Ns::Gerror, "Trace");
    out.text(Ns::Gerror, "EventID", MESSAGE_ID);
    out.text(Ns::Gerror, "Instance", "Konnektor-Lokal");
    out.text(Ns::Gerror, "LogReference", "testbed-log");
    out.text(Ns::Gerror, "CompType", "Konnektor");
    out.text(Ns::Gerror, "Code", &code.to_string());
    out.text(Ns::Gerror, "Severity", severity);
    out.text(Ns::Gerror, "ErrorType", kind);
    out.text(Ns::Gerror, "ErrorText", text);
    if let Some(detail) = detail {
        out.text(Ns::Gerror, "Detail", detail);
    }
    out.close();
}
