//! What a Fachdienst says about itself.

use kim_fachdienst::{ServiceInformation, ServiceInformationError};

/// Spec: api-kim, ServiceInformation.yaml 1.0.3
#[test]
fn service_information_is_read() {
    let body = br#"{"jwtExpiration": 300.0, "kimServiceVersion": "1.5.4; 1.5.5", "x": {}}"#;
    let information = ServiceInformation::from_response(200, body).unwrap();
    assert_eq!(information.versions, ["1.5.4", "1.5.5"]);
    assert_eq!((information.jwt_expiration, information.reference_id_required), (Some(300), None));
    let array = ServiceInformation::from_response(200, br#"["1.5.4", null, null, 300, null, null]"#);
    assert_eq!(array, Err(ServiceInformationError::Malformed { at: 1 }));
    let failed = ServiceInformation::from_response(500, b"");
    assert!(matches!(failed, Err(ServiceInformationError::Status { status: 500, .. })));
}
