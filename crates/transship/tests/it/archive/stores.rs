//! Archives in the stores of clouds, by every way of saying where and as whom; and no secret in any output.

use std::fs;

use transship_testkit::peers::{AzureSas, Azurite, Gcs, Home, Moto, Run, Tool};

use super::world::Gap;
use crate::world::{at_home, expect, json};

const CONTAINER: &str = "transfer";

/// An Azurite with a container, and its certificate at `home`.
async fn azurite(home: &Home) -> Option<Azurite> {
    let azurite = Azurite::start().await?;
    azurite.create(CONTAINER).await;
    home.write("store.pem", azurite.certificate());
    Some(azurite)
}

/// The URL of a blob with a SAS.
fn url(azurite: &Azurite, key: &str, rights: &str) -> String {
    let sas = azurite.sas(CONTAINER, rights);
    format!("{}{CONTAINER}/{key}?{sas}", azurite.endpoint())
}

/// The ways of naming a blob and a credential for all rights.
fn ways(gap: &Gap, azurite: &Azurite, key: &str) -> Vec<(&'static str, Tool, String)> {
    let tool = || at_home(&gap.home);
    let sas = azurite.sas(CONTAINER, "adlrw");
    let short = format!("az://{}/{CONTAINER}/{key}", azurite.account());
    let endpoint = azurite.endpoint();
    gap.home.write("sas.txt", format!("?{sas}\n"));
    gap.home.write("key.txt", Azurite::key());
    let settings = |name: &str, how: &str| {
        let text = format!(
            "stores:\n  az://{}/{CONTAINER}:\n    endpoint: {endpoint}\n    ca-file: store.pem\n    {how}\n",
            azurite.account()
        );
        gap.home.write(name, text);
    };
    settings("sas.yaml", "sas-file: sas.txt");
    settings("key.yaml", "account-key-file: key.txt");
    settings("variable.yaml", "sas-env: MY_SAS");
    let with = |name: &str| {
        tool()
            .env("TRANSSHIP__CA_FILE", "store.pem")
            .env("CONFIG", name)
    };
    vec![
        (
            "url in a variable",
            with("").env("WHERE", &url(azurite, key, "adlrw")),
            "env://WHERE".to_owned(),
        ),
        ("url", with(""), url(azurite, key, "adlrw")),
        (
            "AZURE_STORAGE_SAS_TOKEN",
            with("")
                .env("AZURE_STORAGE_ENDPOINT", &endpoint)
                .env("AZURE_STORAGE_SAS_TOKEN", &sas),
            short.clone(),
        ),
        (
            "AZURE_STORAGE_KEY",
            with("")
                .env("AZURE_STORAGE_ENDPOINT", &endpoint)
                .env("AZURE_STORAGE_KEY", &Azurite::key()),
            short.clone(),
        ),
        ("sas-file", with("sas.yaml"), short.clone()),
        ("account-key-file", with("key.yaml"), short.clone()),
        ("sas-env", with("variable.yaml").env("MY_SAS", &sas), short),
    ]
}

/// What no output may contain: the signature of a SAS, encoded or not, and the account's key.
fn assert_clean(what: &str, run: &Run, secrets: &[String]) {
    for secret in secrets {
        for text in [&run.stdout, &run.stderr] {
            assert!(
                !text.contains(secret),
                "{what} gives {secret} away:\n{text}"
            );
        }
    }
}

fn secrets(azurite: &Azurite) -> Vec<String> {
    let sas = azurite.sas(CONTAINER, "adlrw");
    let (_, signature) = sas.split_once("sig=").unwrap();
    let signature = signature.split('&').next().unwrap();
    vec![
        signature.to_owned(),
        signature
            .replace("%2B", "+")
            .replace("%2F", "/")
            .replace("%3D", "="),
        Azurite::key(),
    ]
}

#[tokio::test]
async fn azure_by_every_way_of_saying_it_and_no_secret_slips() {
    let (gap, graph) = Gap::with_app().await;
    let Some(azurite) = azurite(&gap.home).await else {
        return;
    };
    let secrets = secrets(&azurite);
    let reference = gap.near("acme/app:1.4");
    for (at, (way, tool, archive)) in ways(&gap, &azurite, "a/app.oci.tar")
        .into_iter()
        .enumerate()
    {
        let config = tool
            .command([""; 0])
            .as_std()
            .get_envs()
            .find_map(|(name, value)| {
                (name == "CONFIG").then(|| value.unwrap_or_default().to_string_lossy().into_owned())
            });
        let config = config.filter(|config| !config.is_empty());
        let to = gap.far(&format!("m{at}"));
        let commands: [&[&str]; 8] = [
            &["export", &reference, "--to", &archive, "--overwrite"],
            &["archive", "inspect", &archive],
            &["archive", "verify", &archive],
            &["archive", "tree", &archive],
            &["doctor", &archive],
            &["archive", "copy", &archive, "copied.oci.tar", "--overwrite"],
            &["import", &archive, "--to", &to],
            &[
                "import",
                &archive,
                "--to",
                &to,
                "--delete-source-on-success",
            ],
        ];
        for arguments in commands {
            let mut all: Vec<&str> = arguments.to_vec();
            all.extend(["--verbose", "--verbose", "--events-file", "events.jsonl"]);
            if let Some(config) = &config {
                all.extend(["--config", config]);
            }
            let run = tool.run(&all).await;
            assert_clean(&format!("{way}: {}", arguments[0]), &run, &secrets);
            let events = fs::read_to_string(gap.path("events.jsonl")).unwrap_or_default();
            assert!(
                secrets.iter().all(|secret| !events.contains(secret)),
                "{way}: events"
            );
            expect(&run, 0);
        }
        gap.assert_far(&format!("m{at}/acme/app"), &graph).await;
    }
    // The journal of uploads is empty when all is done.
    let state = gap.path(".local/state/transship");
    let mut left = Vec::new();
    files(&state, &mut left);
    for file in left {
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        assert!(
            secrets.iter().all(|secret| !text.contains(secret)),
            "{}",
            file.display()
        );
    }
}

fn files(folder: &std::path::Path, all: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, all);
        } else {
            all.push(path);
        }
    }
}

/// Refusals are where secrets slip out, and so are slips of the one who types.
#[tokio::test]
async fn refusals_do_not_repeat_the_signature() {
    let (gap, _) = Gap::with_app().await;
    let Some(azurite) = azurite(&gap.home).await else {
        return;
    };
    let reference = gap.near("acme/app:1.4");
    let read_only = url(&azurite, "x.oci.tar", "r");
    let old = AzureSas::new("rw")
        .expires("2020-01-01T00:00:00Z")
        .sign(CONTAINER);
    let old = format!("{}{CONTAINER}/x.oci.tar?{old}", azurite.endpoint());
    let signature = |url: &str| {
        url.split_once("sig=")
            .unwrap()
            .1
            .split('&')
            .next()
            .unwrap()
            .to_owned()
    };
    let ca = ["--ca-file", "store.pem", "-vv"];
    for (url, arguments) in [
        (&read_only, vec!["export", &reference, "--to", &read_only]),
        (&old, vec!["export", &reference, "--to", &old]),
        (&old, vec!["archive", "inspect", &old]),
        (&old, vec!["doctor", &old]),
        (&read_only, vec!["archive", "inspect", "a.tar", &read_only]),
        (
            &read_only,
            vec!["archive", "inspect", &read_only, "--nonsense"],
        ),
        (
            &read_only,
            vec!["export", &reference, &read_only, "--to", "a.tar"],
        ),
        (&read_only, vec!["tags", &read_only]),
        (&read_only, vec!["copy", &reference, &read_only]),
        (
            &read_only,
            vec![
                "archive",
                "copy",
                &read_only,
                "b.tar",
                "--volume-size",
                &read_only,
            ],
        ),
    ] {
        let run = gap.tool().run(arguments.iter().chain(&ca)).await;
        assert_ne!(run.code(), 0, "{arguments:?}");
        assert_clean(arguments[0], &run, &[signature(url)]);
    }
    let run = gap
        .tool()
        .run([
            "export",
            &reference,
            "--to",
            &read_only,
            "--ca-file",
            "store.pem",
        ])
        .await;
    expect(&run, 8);
    assert!(
        run.stderr.contains("write"),
        "the missing right is named: {}",
        run.stderr
    );
}

#[tokio::test]
async fn the_doctor_says_what_a_sas_lacks() {
    let gap = Gap::new().await;
    let Some(azurite) = azurite(&gap.home).await else {
        return;
    };
    let doctor = async |rights: &str, flags: &[&str]| {
        let url = url(&azurite, "x.oci.tar", rights);
        let arguments = ["doctor", &url, "--ca-file", "store.pem", "--format", "json"];
        gap.tool().run(arguments.iter().chain(flags)).await
    };
    let run = doctor("alrw", &["--for", "export"]).await;
    expect(&run, 0);
    let found = json(&run);
    assert_eq!(found[0]["purpose"], "export");
    let run = doctor("r", &["--for", "export"]).await;
    expect(&run, 8);
    let run = doctor("lr", &["--for", "import"]).await;
    expect(&run, 0);
    let run = doctor("dlr", &[]).await;
    expect(&run, 0);
    assert_eq!(json(&run).as_array().unwrap().len(), 2);
    let folder = gap.tool().run(["doctor", "./"]).await;
    expect(&folder, 0);
    assert!(
        folder.stdout.contains("the folder is there"),
        "{}",
        folder.stdout
    );
}

#[tokio::test]
async fn s3_and_google_by_the_variables_of_their_own_tools() {
    let (gap, graph) = Gap::with_app().await;
    let reference = gap.near("acme/app:1.4");
    let mut places = Vec::new();
    let moto = Moto::start("transfer").await;
    if let Some(moto) = &moto {
        places.push(("s3://transfer/up/app.oci.tar", moto.environment()));
    }
    let gcs = Gcs::fake("transfer").await;
    if let Some(gcs) = &gcs {
        places.push(("gs://transfer/up/app.oci.tar", gcs.environment()));
    }
    for (at, (archive, variables)) in places.into_iter().enumerate() {
        let add = |tool: Tool, (name, value): &(String, String)| tool.env(name, value);
        let tool = variables.iter().fold(gap.tool(), add);
        let to = gap.far(&format!("m{at}"));
        let commands: [&[&str]; 4] = [
            &["export", &reference, "--to", archive],
            &["archive", "verify", archive],
            &["archive", "copy", archive, "copied.oci.tar", "--overwrite"],
            &["import", archive, "--to", &to, "--delete-source-on-success"],
        ];
        for arguments in commands {
            let run = tool.run(arguments).await;
            expect(&run, 0);
        }
        gap.assert_far(&format!("m{at}/acme/app"), &graph).await;
        let run = tool.run(["archive", "inspect", archive]).await;
        expect(&run, 1);
    }
}
