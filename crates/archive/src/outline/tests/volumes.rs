//! Archives in volumes.

use proptest::prelude::*;
use transship_testkit::image::{Graph, Image, layer, random_graph};

use super::*;

#[test]
fn whole_artifacts_lie_in_one_volume() {
    let mut graph = Graph::new();
    for (tag, seed) in [("1", 1), ("2", 2), ("3", 3), ("4", 4)] {
        let app = graph.image(Image::new().layer(layer::noise(seed, 100_000)));
        graph.tag(tag, &app);
    }
    let mut options = options();
    options.volume_size = Some(300_000);
    let outline = outline(&graph, &options);
    check(&graph, &outline, options.volume_size);
    assert_eq!(outline.volumes().len(), 2);
    let keys = outline.keys("app.oci.tar");
    assert_eq!(keys, ["app.oci.v001of002.tar", "app.oci.v002of002.tar"]);
    assert!(
        outline
            .inventory()
            .blobs
            .iter()
            .all(|blob| blob.pieces.len() == 1)
    );
}

#[test]
fn what_shares_layers_lies_together() {
    let mut graph = Graph::new();
    for (tag, base, own) in [("1", 1, 10), ("2", 2, 20), ("3", 2, 30)] {
        let layers = [layer::noise(base, 100_000), layer::noise(own, 1000)];
        let app = graph.image(Image::new().layers(layers));
        graph.tag(tag, &app);
    }
    let mut options = options();
    options.volume_size = Some(180_000);
    let outline = outline(&graph, &options);
    check(&graph, &outline, options.volume_size);
    let of = |seed: u64, size: usize| {
        let digest = layer::noise(seed, size).descriptor().digest;
        let blobs = &outline.inventory().blobs;
        blobs
            .iter()
            .find(|blob| blob.digest == digest)
            .unwrap()
            .pieces[0]
            .volume
    };
    assert_eq!((of(1, 100_000), of(2, 100_000), of(30, 1000)), (1, 2, 2));
}

#[test]
fn a_blob_larger_than_a_volume_is_cut() {
    let mut graph = Graph::new();
    let small = graph.image(Image::new().layer(layer::noise(1, 1000)));
    graph.tag("small", &small);
    let large = graph.image(Image::new().layer(layer::noise(2, 450_000)));
    graph.tag("large", &large);
    let mut options = options();
    options.volume_size = Some(200_000);
    let outline = outline(&graph, &options);
    check(&graph, &outline, options.volume_size);
    let blob = outline
        .inventory()
        .blobs
        .iter()
        .find(|blob| blob.size == 450_000)
        .unwrap();
    assert_eq!(blob.pieces.len(), 3);
    let tars = write_out(&outline, graph.blobs());
    let last = members(&tars[2]);
    let (path, _, lines) = last.last().unwrap();
    assert_eq!(path, "transship/checksums");
    let part = layout::part_path(&blob.digest, 3);
    let (_, _, content) = last.iter().find(|(path, ..)| *path == part).unwrap();
    let wanted = format!("{}  {part}\n", Digest::sha256(content).hex());
    assert_eq!(String::from_utf8_lossy(lines), wanted);
}

#[test]
fn a_large_seal_is_made_room_for() {
    let mut graph = Graph::new();
    let app = graph.image(Image::new().layer(layer::noise(1, 500_000)));
    graph.tag("1", &app);
    let artifacts = graph.artifacts("registry.example/team/app");
    let mut options = options();
    options.volume_size = Some(300_000);
    let outline = Outline::of(&artifacts, &options, &sealed(60_000)).unwrap();
    check(&graph, &outline, options.volume_size);
}

#[test]
fn volumes_without_room_are_refused() {
    let mut graph = Graph::new();
    let app = graph.image(Image::new().layer(layer::noise(1, 10)));
    graph.tag("1", &app);
    let artifacts = graph.artifacts("registry.example/team/app");
    let mut options = options();
    options.volume_size = Some(50_000);
    let error = Outline::of(&artifacts, &options, &unsealed).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let message =
        "volumes of 50000 bytes are too small beside a head of 16384, which each of them carries";
    assert_eq!(error.to_string(), message);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_graph_in_any_volumes(
        graph in random_graph(),
        volume_size in prop::option::of(140_000_u64..400_000),
        large in prop::option::of((1_u64..5, 100_000_usize..900_000)),
        seal in 0_usize..30_000,
    ) {
        let mut graph = graph;
        if let Some((seed, size)) = large {
            let app = graph.image(Image::new().layers([layer::noise(seed, size), layer::noise(9, 70_000)]));
            graph.tag("large", &app);
        }
        let artifacts = graph.artifacts("registry.example/team/app");
        let mut options = options();
        options.volume_size = volume_size;
        let one = Outline::of(&artifacts, &options, &sealed(seal)).unwrap();
        check(&graph, &one, volume_size);
        let two = Outline::of(&artifacts, &options, &sealed(seal)).unwrap();
        prop_assert_eq!(write_out(&one, graph.blobs()), write_out(&two, graph.blobs()));
    }
}
