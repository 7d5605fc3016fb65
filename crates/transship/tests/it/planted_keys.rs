//! Keys to sign with and their passphrases: whatever way they are given, no output and no file has them.

use std::fs;

use transship_testkit::peers::{Home, Run, Tool};

use crate::{
    secrets::walk,
    sign::plain_app,
    world::{at_home, expect, registry, remote},
};

const PASSPHRASE: &str = "pLaNtEd-p4ssphrase-9876543210";
/// What tools that wrap a terminal are asked to run.
const TERMINAL: &str = "script";

/// Every line of the private key that is not a frame, and the passphrase.
struct Planted(Vec<String>);

impl Planted {
    fn in_home(home: &Home) -> Self {
        let key = fs::read_to_string(home.path().join("cosign.key")).unwrap();
        let lines = key.lines().filter(|line| !line.starts_with("-----"));
        let mut all: Vec<String> = lines.map(str::to_owned).collect();
        assert!(all.len() > 3, "{key}");
        all.push(PASSPHRASE.to_owned());
        Self(all)
    }

    #[track_caller]
    fn assert_absent(&self, what: &str, text: &str) {
        for secret in &self.0 {
            assert!(
                !text.contains(secret.as_str()),
                "{what} gives a secret away:\n{text}"
            );
        }
    }

    /// No file below the home but those has any of them.
    #[track_caller]
    fn assert_in_no_file_but(&self, home: &Home, allowed: &[&str]) {
        let mut files = Vec::new();
        walk(home.path(), &mut files);
        for path in files {
            let name = path
                .strip_prefix(home.path())
                .unwrap()
                .display()
                .to_string();
            if !allowed.contains(&name.as_str()) {
                let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                self.assert_absent(&name, &text);
            }
        }
    }
}

/// A home with a key pair under the passphrase, an app at a registry, and the state kept in the home.
struct Scene {
    home: Home,
    _registry: transship_testkit::fault::FaultRegistry,
    app: String,
    copy: String,
    planted: Planted,
}

impl Scene {
    async fn start() -> Self {
        let (home, registry) = (Home::new(), registry().await);
        let (graph, _, _) = plain_app();
        let at = remote(&registry.repository("app"));
        graph.push_to(&at).await.unwrap();
        let tool = at_home(&home).env("COSIGN_PASSWORD", PASSPHRASE);
        let run = tool.run(["key", "generate", "-vv", "--format=json"]).await;
        expect(&run, 0);
        let planted = Planted::in_home(&home);
        planted.assert_absent("key generate", &format!("{}{}", run.stdout, run.stderr));
        home.write("said.json", "{}");
        home.write(
            "policy.yaml",
            "version: 1\nsigners:\n  acme: {key: cosign.pub, tlog: ignore}\ndefault: {signed-by: acme}\n",
        );
        let host = registry.host().to_owned();
        Self {
            home,
            app: format!("{host}/app:1.4"),
            copy: format!("{host}/copy:1.4"),
            _registry: registry,
            planted,
        }
    }

    /// The program without any passphrase but what is added.
    fn tool(&self) -> Tool {
        at_home(&self.home).env("COSIGN_PASSWORD", "").env(
            "XDG_STATE_HOME",
            &self.home.path().join("state").display().to_string(),
        )
    }

    /// Runs everything that signs, as loud as can be, with these flags for the key.
    async fn sign_everything(&self, way: &str, tool: &Tool, key: &str, more: &[&str]) -> Vec<Run> {
        let key = format!("--key={key}");
        let statement_key = key.replace("--key", "--statement-key");
        let more: Vec<String> = more.iter().map(|flag| (*flag).to_owned()).collect();
        let of_statement = more
            .iter()
            .map(|flag| flag.replace("--password-file", "--statement-password-file"));
        let of_statement: Vec<String> = of_statement.collect();
        let (app, copy) = (self.app.as_str(), self.copy.as_str());
        let commands: [&[&str]; 4] = [
            &["sign", app, &key, "--recursive", "-a", "by=us"],
            &["sign", app, &key, "--format=cosign,json"],
            &[
                "attest",
                app,
                &key,
                "--type=custom",
                "--predicate=said.json",
            ],
            &[
                "copy",
                app,
                copy,
                &statement_key,
                "--statement=run.json",
                "--policy=policy.yaml",
                "--move-tags",
                "--format=json",
            ],
        ];
        let mut runs = Vec::new();
        for command in commands {
            let extra = if command[0] == "copy" {
                &of_statement
            } else {
                &more
            };
            let loud = ["-vv", "--events-file=events.jsonl"].map(str::to_owned);
            let all = command.iter().map(|word| (*word).to_owned());
            let run = tool.run(all.chain(extra.iter().cloned()).chain(loud)).await;
            let what = format!("{way}: {command:?}");
            self.planted.assert_absent(&what, &run.stdout);
            self.planted.assert_absent(&what, &run.stderr);
            runs.push(run);
        }
        runs
    }
}

#[tokio::test]
async fn no_key_and_no_passphrase_is_given_away_however_they_are_given() {
    let scene = Scene::start().await;
    let key = fs::read_to_string(scene.home.path().join("cosign.key")).unwrap();
    scene.home.write("passphrase", format!("{PASSPHRASE}\n"));
    let ways: [(&str, Tool, &str, &[&str]); 4] = [
        (
            "cosign's variable",
            scene.tool().env("COSIGN_PASSWORD", PASSPHRASE),
            "cosign.key",
            &[],
        ),
        (
            "our variable",
            scene.tool().env("TRANSSHIP_KEY_PASSWORD", PASSPHRASE),
            "cosign.key",
            &[],
        ),
        (
            "a file",
            scene.tool(),
            "cosign.key",
            &["--password-file=passphrase"],
        ),
        (
            "all by variable",
            scene
                .tool()
                .env("SIGNING_KEY", &key)
                .env("TRANSSHIP_KEY_PASSWORD", PASSPHRASE),
            "env://SIGNING_KEY",
            &[],
        ),
    ];
    for (way, tool, key, more) in ways {
        for run in scene.sign_everything(way, &tool, key, more).await {
            expect(&run, 0);
        }
        scene
            .planted
            .assert_in_no_file_but(&scene.home, &["cosign.key", "passphrase"]);
    }
}

/// Refusals are where secrets slip out.
#[tokio::test]
async fn refusals_do_not_repeat_keys_and_passphrases() {
    let scene = Scene::start().await;
    let key = fs::read_to_string(scene.home.path().join("cosign.key")).unwrap();
    let cut = &key[..key.len() / 2];
    scene.home.write("wrong", format!("{PASSPHRASE}-and-more"));
    let right = scene.tool().env("COSIGN_PASSWORD", PASSPHRASE);
    let ways: [(&str, Tool, &str, &[&str], i32); 4] = [
        (
            "a wrong passphrase",
            scene.tool(),
            "cosign.key",
            &["--password-file=wrong"],
            2,
        ),
        ("nobody to ask", scene.tool(), "cosign.key", &[], 2),
        (
            "half a key",
            right.clone().env("HALF", cut),
            "env://HALF",
            &[],
            2,
        ),
        ("a key in the arguments", right, &key, &[], 2),
    ];
    for (way, tool, key, more, code) in ways {
        for run in scene.sign_everything(way, &tool, key, more).await {
            expect(&run, code);
        }
    }
    let allowed = ["cosign.key", "wrong"];
    scene.planted.assert_in_no_file_but(&scene.home, &allowed);
}

/// What is typed at a terminal is not shown there either.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_passphrase_that_is_typed_is_not_shown() {
    let scene = Scene::start().await;
    let Some(terminal) = Tool::new(TERMINAL, &scene.home) else {
        return;
    };
    let program = env!("CARGO_BIN_EXE_transship");
    for (typed, code) in [(PASSPHRASE.to_owned(), 0), (format!("{PASSPHRASE}!"), 2)] {
        let line = format!(
            "tty > tty; exec env -u COSIGN_PASSWORD {program} sign {} --key=cosign.key -vv --events-file=events.jsonl",
            scene.app
        );
        let run = at_terminal(&terminal, &line, &typed).await;
        expect(&run, code);
        let prompt = "passphrase of cosign.key: ";
        assert!(run.stdout.contains(prompt), "{}", run.stdout);
        scene.planted.assert_absent("the terminal", &run.stdout);
        scene
            .planted
            .assert_in_no_file_but(&scene.home, &["cosign.key"]);
    }
}

/// Runs a line at a terminal of its own and types an answer once it is asked for something.
#[cfg(target_os = "linux")]
async fn at_terminal(terminal: &Tool, line: &str, typed: &str) -> Run {
    use std::process::Stdio;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let mut command = terminal.command([
        "--quiet",
        "--return",
        "--flush",
        "--command",
        line,
        "/dev/null",
    ]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut seen, mut asked) = (Vec::new(), false);
    while stdout.read_buf(&mut seen).await.unwrap() > 0 {
        if !asked && String::from_utf8_lossy(&seen).contains("passphrase of ") {
            asked = true;
            until_silent(terminal.home()).await;
            stdin
                .write_all(format!("{typed}\n").as_bytes())
                .await
                .unwrap();
        }
    }
    Run {
        status: child.wait().await.unwrap(),
        stdout: String::from_utf8_lossy(&seen).into_owned(),
        stderr: String::new(),
    }
}

/// Waits until the terminal has been told not to show what is typed: the question comes a moment before that.
#[cfg(target_os = "linux")]
async fn until_silent(home: &Home) {
    let terminal = fs::read_to_string(home.path().join("tty")).unwrap();
    let settings = ["-F", terminal.trim(), "-a"];
    while !Tool::new("stty", home)
        .unwrap()
        .ok(settings)
        .await
        .contains(" -echo ")
    {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
