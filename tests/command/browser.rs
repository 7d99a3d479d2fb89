//! A page in headless Chromium: its content, its errors, its network requests.
//!
//! Without Chromium a page's test passes and reports that it was skipped; with `CAIRN_REQUIRE_CHROMIUM=1` it fails.
//! `CAIRN_CHROMIUM` names another program.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};
use std::{env, fs};

use tempfile::TempDir;

/// A page as opened by the browser.
pub(crate) struct Seen {
    /// The document after scripts ran.
    pub(crate) dom: String,
    /// Lines of the console: errors, warnings, output of scripts.
    pub(crate) console: Vec<String>,
    /// Addresses that the page requested, without files and embedded data.
    pub(crate) requests: Vec<String>,
}

/// Opens a page; `None` if there is no browser and none is required.
pub(crate) fn open(page: &Path) -> Option<Seen> {
    let own = TempDir::new().expect("a folder");
    let log = own.path().join("net.json");
    let output = run(own.path(), page, &["--dump-dom".into(), format!("--log-net-log={}", log.display())])?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let err = text(&output.stderr);
    assert!(output.status.success(), "{err}");
    let console = err.lines().filter(|line| line.contains(":CONSOLE")).map(str::to_owned).collect();
    let log = fs::read(&log).expect("the browser keeps a log of what it asks the network for");
    Some(Seen { dom: text(&output.stdout), console, requests: requests(&text(&log)) })
}

/// What an expression of the page's `window` and `document` is in a frame so wide, for a browser's own window has a least
/// width. The frame is written to `folder`.
pub(crate) fn measured(folder: &Path, page: &str, width: u32, expression: &str) -> Option<String> {
    let inside = page.replace('&', "&amp;").replace('"', "&quot;");
    let frame = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>frame</title>\
         <iframe id=f style=\"width:{width}px;height:900px;border:0\" srcdoc=\"{inside}\"></iframe><p id=says>nothing</p>\
         <script>f.onload = () => {{ const window = f.contentWindow, document = f.contentDocument; says.textContent = {expression}; }}</script>"
    );
    let file = folder.join("frame.html");
    fs::write(&file, frame).expect("the frame");
    let dom = open(&file)?.dom;
    let says = dom.split("<p id=\"says\">").nth(1).and_then(|rest| rest.split('<').next());
    Some(says.expect("the frame says what it is").to_owned())
}

/// Writes a screenshot of a page of this width, for inspection.
pub(crate) fn picture(page: &Path, width: u32, to: &Path) -> Option<()> {
    let own = TempDir::new().expect("a folder");
    let args = [format!("--window-size={width},1600"), format!("--screenshot={}", to.display())];
    run(own.path(), page, &args).map(drop)
}

fn run(own: &Path, page: &Path, args: &[String]) -> Option<Output> {
    let program = env::var("CAIRN_CHROMIUM").unwrap_or_else(|_| "chromium".into());
    let quiet = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
                 --disable-component-update --disable-sync --enable-logging=stderr --virtual-time-budget=2000";
    let mut command = Command::new(&program);
    command.args(quiet.split_whitespace()).args(args);
    command.arg(format!("--user-data-dir={}", own.join("profile").display()));
    command.arg(format!("file://{}", page.canonicalize().expect("the page").display()));
    match command.output() {
        Ok(output) => Some(output),
        Err(error) => {
            let required = env::var("CAIRN_REQUIRE_CHROMIUM").is_ok_and(|value| value == "1");
            assert!(!required, "CAIRN_REQUIRE_CHROMIUM asks for a browser, and {program}: {error}");
            let text = format!("\nskipped: no {program} ({error}); tests/run.sh installs one\n");
            std::io::stderr().write_all(text.as_bytes()).expect("stderr");
            None
        }
    }
}

/// The addresses that the page asked for. The browser asks for some of its own accord, which its log marks by their
/// initiator. A browser that is stopped leaves the log's end out, so it is read line by line.
fn requests(log: &str) -> Vec<String> {
    let of_page =
        |line: &&str| line.contains("\"initiator\":") && !line.contains("\"initiator\":\"not an origin\"");
    let url = |line: &str| Some(line.split("\"url\":\"").nth(1)?.split('"').next()?.to_owned());
    let asked = |url: &String| !["file:", "data:"].iter().any(|kind| url.starts_with(kind));
    log.lines().filter(of_page).filter_map(url).filter(asked).collect()
}

/// Checks that the check can fail.
#[test]
fn a_page_that_complains_and_calls_out_is_caught() {
    let folder = TempDir::new().expect("a folder");
    let page = folder.path().join("bad.html");
    let html = "<!doctype html><title>bad</title><img src=\"http://127.0.0.1:9/x.png\">\
                <script>console.error('a complaint')</script><p id=done>seen</p>";
    fs::write(&page, html).expect("the page");
    let Some(seen) = open(&page) else { return };
    assert!(seen.dom.contains("seen"), "{}", seen.dom);
    assert!(seen.console.iter().any(|line| line.contains("a complaint")), "{:?}", seen.console);
    assert!(seen.requests.iter().any(|url| url.contains("127.0.0.1:9/x.png")), "{:?}", seen.requests);
}
