use proptest::prelude::*;

use super::VolumeName;

#[test]
fn names_are_as_written() {
    let name = VolumeName::new("up/app.oci.tar", 3, 12);
    assert_eq!(name.to_string(), "up/app.oci.v003of012.tar");
    assert_eq!(name.whole(), "up/app.oci.tar");
    assert!(
        name.to_string()
            .starts_with(&VolumeName::prefix("up/app.oci.tar"))
    );
    let set: Vec<_> = VolumeName::new("a", 2, 3)
        .set()
        .map(|name| name.to_string())
        .collect();
    assert_eq!(
        set,
        ["a.v001of003.tar", "a.v002of003.tar", "a.v003of003.tar"]
    );
}

#[test]
fn other_names_are_none() {
    for name in [
        "",
        "app.oci.tar",
        "app.v003of012",
        "app.v3of12.tar",
        "app.v000of012.tar",
        "app.v013of012.tar",
        "app.v0003of0012.tar",
        "app.v+03of012.tar",
        "app.v99999of99999.tar",
        "app.v99999999999of99999999999.tar",
        ".v001of001.tar",
    ] {
        assert!(name.parse::<VolumeName>().is_err(), "{name}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(stem in "[a-z./]{1,20}", of in 1_u32..=9999, at in 0_u32..9999) {
        let name = VolumeName::new(&stem, at % of + 1, of);
        prop_assert_eq!(name.to_string().parse(), Ok(name));
    }

    #[test]
    fn no_text_is_too_strange(text in ".*") {
        if let Ok(name) = text.parse::<VolumeName>() {
            prop_assert_eq!(name.to_string(), text);
        }
    }
}
