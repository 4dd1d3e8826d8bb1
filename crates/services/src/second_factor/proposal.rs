//! What a device has to be told, as text, as an address, and as a picture for its camera.

use super::totp::{STEP_S, Secret};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    Error, Result,
    list::encode,
    second_factor::{DIGITS, Proposal, in_fours},
};
use qrcode::{EcLevel, QrCode, render::svg};

/// Edge of the picture at the least; it is drawn of lines and can be shown in any size.
const EDGE: u32 = 240;

/// `account` is whose codes they are, as the device lists it.
pub(super) fn proposal(secret: &Secret, account: &str) -> Result<Proposal> {
    let base32 = secret.base32();
    let link = format!(
        "otpauth://totp/{}?secret={base32}&issuer=Slipway&algorithm=SHA1&digits={DIGITS}&period={STEP_S}",
        encode(&format!("Slipway:{account}"))
    );
    let code = QrCode::with_error_correction_level(&link, EcLevel::M)
        .map_err(|_| Error::internal("second-factor-picture"))?;
    // Always dark on light, whatever the page looks like: not every camera reads the reverse.
    let picture = code.render::<svg::Color<'_>>().min_dimensions(EDGE, EDGE).build();
    Ok(Proposal {
        secret: in_fours(&base32, " "),
        picture: format!("data:image/svg+xml;base64,{}", STANDARD.encode(picture)),
        link,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_learns_whose_codes_they_are_and_how_they_are_made() {
        let secret = Secret::read("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        let proposal = proposal(&secret, "ada@slipway.example.org").unwrap();
        assert_eq!(proposal.secret, "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(
            proposal.link,
            "otpauth://totp/Slipway%3Aada%40slipway.example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Slipway&algorithm=SHA1&digits=6&period=30"
        );
        let drawn = proposal.picture.strip_prefix("data:image/svg+xml;base64,").unwrap();
        let drawn = String::from_utf8(STANDARD.decode(drawn).unwrap()).unwrap();
        assert!(drawn.contains("<svg") && drawn.contains("<path"), "{drawn}");
        assert!(!drawn.contains("GEZD"), "it is drawn and not written");
    }

    #[test]
    fn the_longest_name_at_the_longest_host_has_a_picture() {
        let account = format!("{}@{}", "a".repeat(64), "b".repeat(253));
        assert!(proposal(&Secret::new().unwrap(), &account).is_ok());
    }
}
