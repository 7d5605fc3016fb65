//! What makes no archive, and what makes a very large one.

use transship_testkit::image::{Graph, Image, layer};

use super::*;

#[test]
fn one_name_is_one_artifact() {
    let mut graph = Graph::new();
    let one = graph.image(Image::new().layer(layer::noise(1, 10)));
    let two = graph.image(Image::new().layer(layer::noise(2, 10)));
    graph.tag("1", &one);
    let mut artifacts = graph.artifacts("registry.example/app");
    artifacts.extend(graph.artifacts("registry.example/app"));
    Outline::of(&artifacts, &options(), &unsealed).unwrap();
    graph.tag("1", &two);
    artifacts.extend(graph.artifacts("registry.example/app"));
    let error = Outline::of(&artifacts, &options(), &unsealed).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let (one, two) = (one.digest, two.digest);
    let message = format!("registry.example/app:1 is {one} and {two} at once");
    assert_eq!(error.to_string(), message);
}

#[test]
fn contradicting_sizes_are_refused() {
    let mut graph = Graph::new();
    let app = graph.image(Image::new().layer(layer::noise(1, 10)));
    graph.tag("1", &app);
    let mut artifacts = graph.artifacts("registry.example/app");
    let mut lying = artifacts[0].blobs[1].clone();
    lying.size += 1;
    artifacts[0].blobs.push(lying.clone());
    let error = Outline::of(&artifacts, &options(), &unsealed).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    let message = format!(
        "blob {} has 10 bytes to one manifest and 11 to another",
        lying.digest
    );
    assert_eq!(error.to_string(), message);
}

#[test]
fn a_store_that_takes_no_such_file_is_told_before() {
    let mut graph = Graph::new();
    let app = graph.image(Image::new().layer(layer::noise(1, 10)));
    graph.tag("1", &app);
    let mut artifacts = graph.artifacts("registry.example/app");
    // Sparse, as it were: nobody has these bytes.
    let fat = u64::from(u32::MAX);
    artifacts[0].blobs.push(Descriptor::new(
        media_type::OCI_LAYER,
        Digest::sha256(b"vast"),
        9 << 30,
    ));
    let whole = Outline::of(&artifacts, &options(), &unsealed).unwrap();
    let mut capacity = Capacity {
        min_part: 1,
        max_part: fat,
        max_parts: 50_000,
        max_object: Some(fat),
        free: Some(20 << 30),
    };
    let error = whole.fit(&capacity).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let size = whole.size();
    let message =
        format!("the archive has a file of {size} bytes, and the store takes {fat} at most");
    assert_eq!(error.to_string(), message);
    assert_eq!(
        error.hint(),
        Some("cut the archive with --volume-size 4294967295 or less")
    );
    let mut options = options();
    options.volume_size = Some(fat);
    let cut = Outline::of(&artifacts, &options, &unsealed).unwrap();
    assert_eq!(cut.volumes().len(), 3);
    cut.fit(&capacity).unwrap();
    capacity.free = Some(9 << 30);
    let error = cut.fit(&capacity).unwrap_err();
    let message = format!(
        "the archive needs {} bytes more, and the store has room for 9663676416",
        cut.size()
    );
    assert_eq!(error.to_string(), message);
}

#[test]
fn a_layer_above_eight_gibibytes_has_a_pax_header() {
    let mut graph = Graph::new();
    let app = graph.image(Image::new().layer(layer::noise(1, 10)));
    graph.tag("1", &app);
    let mut artifacts = graph.artifacts("registry.example/app");
    let vast = Descriptor::new(media_type::OCI_LAYER, Digest::sha256(b"vast"), 9 << 30);
    let last = Descriptor::new(media_type::OCI_LAYER, Digest::sha256(b"last"), 1);
    artifacts[0].blobs.extend([vast, last]);
    let outline = Outline::of(&artifacts, &options(), &unsealed).unwrap();
    let blobs = &outline.inventory().blobs;
    let vast = &blobs[2].pieces[0];
    let last = &blobs[3].pieces[0];
    // One block for the ten bytes before it; a pax header, its record and the header.
    assert_eq!(vast.offset, blobs[1].pieces[0].offset + 512 + 3 * 512);
    assert_eq!(last.offset, vast.offset + (9 << 30) + 512);
    assert_eq!(outline.volumes()[0].body_len(), last.offset + 512);
}

#[test]
fn a_seal_that_seals_something_else_is_refused() {
    let mut graph = Graph::new();
    let app = graph.image(Image::new().layer(layer::noise(1, 10)));
    graph.tag("1", &app);
    let artifacts = graph.artifacts("registry.example/app");
    let other = graph.manifest(&app.digest).unwrap().clone();
    let error = Outline::of(&artifacts, &options(), &|_| sealed(1)(&other)).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("does not refer to the inventory"),
        "{error}"
    );
    let bare = |inventory: &RawManifest| {
        let mut seals = sealed(1)(inventory)?;
        seals[0].blobs.clear();
        Ok(seals)
    };
    let error = Outline::of(&artifacts, &options(), &bare).unwrap_err();
    assert!(
        error.to_string().ends_with("of a seal is missing"),
        "{error}"
    );
}
