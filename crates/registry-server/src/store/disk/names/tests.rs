use super::*;

#[test]
fn a_name_is_its_folder_unless_a_layout_uses_it() {
    let root = Path::new("r");
    assert_eq!(folder(root, "a/b"), Path::new("r/a/b"));
    assert_eq!(
        folder(root, "a/blobs/sha256"),
        Path::new("r/a/blobs_/sha256")
    );
    assert_eq!(folder(root, "a/index.json"), Path::new("r/a/index.json_"));
    assert_eq!(folder(root, "oci-layout"), Path::new("r/oci-layout_"));
}

#[test]
fn all_names_are_found_again() {
    let root = tempfile::tempdir().unwrap();
    let names = [
        "a",
        "a/b",
        "a/blobs",
        "a/blobs/sha256",
        "a/index.json",
        "blobs",
        "c/d/e",
    ];
    for name in names {
        let folder = folder(root.path(), name);
        fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
        fs::write(folder.join(layout::INDEX), "{}").unwrap();
        fs::create_dir_all(folder.join(".uploads")).unwrap();
    }
    assert_eq!(list(root.path()).unwrap(), names);
}
