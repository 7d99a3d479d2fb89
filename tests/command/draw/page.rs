//! A page in a browser, driven by a test's script.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use tempfile::TempDir;

use super::hand::Strokes;
use crate::browser;

/// A folder with models and pages.
pub(crate) struct Place(TempDir);

/// What a run of the command left.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.file(name), text).unwrap();
        self.file(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
        let output = command.current_dir(self.0.path()).args(args).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Runs the command, which must succeed.
    pub(crate) fn cairn(&self, args: &str) -> String {
        let ran = self.run(&args.split_whitespace().collect::<Vec<_>>());
        assert_eq!(ran.code, Some(0), "{args}: {}", ran.err);
        ran.out
    }

    /// A model of the 30 writers as `m.safetensors`, and its page as `draw.html`.
    pub(crate) fn with_page(n_clusters: usize) -> Self {
        let place = Self::new();
        let data = concat!(env!("CARGO_MANIFEST_DIR"), "/data/digits-writers30.csv");
        let k = n_clusters.to_string();
        let model = ["--device", "cpu", "-r", "2", "-q", "--model", "m.safetensors"];
        let ran = place.run(&[&["fit", data, "--truth", "digit", "-k", &k], &model[..]].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        place.cairn("draw m.safetensors -o draw.html");
        place
    }

    /// Runs a script on a page in a frame of this width (a browser window has a least width); the page must have
    /// no errors and make no requests. Returns what the script passed to `done`.
    pub(crate) fn play(&self, page: &str, width: u32, script: &str) -> Option<Value> {
        let all = format!("<script>{PLAYER}\n{script}</script></body>");
        let inside = self.read(page).replace("</body>", &all).replace('&', "&amp;").replace('"', "&quot;");
        let style = format!("width:{width}px;height:1600px;border:0;display:block");
        let frame = format!(
            "<!doctype html><meta charset=\"utf-8\"><title>frame</title><body style=\"margin:0\"><iframe style=\"{style}\" srcdoc=\"{inside}\"></iframe></body>"
        );
        let seen = browser::open(&self.write("played.html", &frame))?;
        assert!(seen.console.is_empty(), "{:?}", seen.console);
        assert!(seen.requests.is_empty(), "{:?}", seen.requests);
        let said = seen.dom.split("<pre id=\"done\">").nth(1).expect("the script came to its end");
        let bytes = BASE64_STANDARD.decode(said.split('<').next().unwrap()).unwrap();
        Some(serde_json::from_slice(&bytes).unwrap())
    }
}

/// Strokes about the middle of the board, in parts of its sides, as the player takes them. The board is 320 units
/// high, or 520 in a narrow window.
pub(crate) fn on_board(strokes: &Strokes, high: f64) -> Vec<Vec<[f64; 2]>> {
    let place = |at: &[f64; 2]| [0.5 + at[0] / 640.0, 0.5 + at[1] / high];
    strokes.iter().map(|stroke| stroke.iter().map(place).collect()).collect()
}

/// `draw(strokes)` plays pointer events, `found()` says what the page made of them; frames are drawn when the
/// script says so. Whole numbers beyond 53 bits become texts.
const PLAYER: &str = r#"
const frames = [];
window.requestAnimationFrame = frame => frames.push(frame);
const home = document.querySelector(".cairn-draw"), part = name => home.querySelector(".cd-" + name);
let digits = [];
home.addEventListener("cairn-draw", event => { digits = event.detail.digits; });
const settle = () => { while (frames.length) frames.shift()(0); };
const draw = (strokes, kind = "pen") => {
  const board = part("pad"), box = board.getBoundingClientRect();
  strokes.forEach((stroke, i) => {
    const tell = (type, [x, y]) => board.dispatchEvent(new PointerEvent(type, { bubbles: true, pointerId: 7 + i, pointerType: kind,
      button: type === "pointermove" ? -1 : 0, clientX: box.left + x * box.width, clientY: box.top + y * box.height }));
    tell("pointerdown", stroke[0]);
    stroke.slice(1).forEach(at => tell("pointermove", at));
    tell("pointerup", stroke[stroke.length - 1]);
  });
  settle();
};
const clear = () => { part("clear").click(); settle(); };
const paste = (text, asIs = false) => { part("box").value = text; part("as-is").checked = asIs; part("name").click(); };
const plain = (key, value) => typeof value === "bigint" ? String(value) : ArrayBuffer.isView(value) ? Array.from(value) : value;
const found = () => JSON.parse(JSON.stringify(digits, plain));
const done = what => {
  const pre = document.createElement("pre");
  pre.id = "done";
  const bytes = new TextEncoder().encode(JSON.stringify(what));
  let text = "";
  bytes.forEach(byte => { text += String.fromCharCode(byte); });
  pre.textContent = btoa(text);
  parent.document.body.append(pre);
};
"#;
