//! Random sites behind a cache: after a purge, every address shows the content of the new site.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use purge_sandbox::Sandbox;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::Folder;
use crate::account::purge_at;

/// How a server finds the files of a site.
#[derive(Clone, Copy, Debug, Default)]
struct Mode {
    index: bool,
    clean_urls: bool,
    variants: bool,
    spellings: bool,
}

impl Mode {
    fn options(self) -> Vec<&'static str> {
        let on = |is: bool, options: &'static [&'static str]| if is { options } else { &[] };
        [
            on(self.index, &["--index", "index.html"]),
            on(self.clean_urls, &["--clean-urls"]),
            on(self.variants, &["--template", "/en{path}", "--template", "/img/2x{path}"]),
            on(self.spellings, &["--spellings"]),
        ]
        .concat()
    }

    /// The file at an address, or `None` if there is none.
    fn content(self, root: &Path, address: &str) -> Option<Vec<u8>> {
        let mut name = decoded(address);
        for variant in [&b"/en/"[..], b"/img/2x/"] {
            if self.variants && name.starts_with(variant) {
                name.drain(..variant.len() - 1);
                break;
            }
        }
        let at = |end: &[u8]| {
            let whole = [&name[1..], end].concat();
            fs::read(root.join(std::ffi::OsStr::from_bytes(&whole))).ok()
        };
        let is_folder = name.ends_with(b"/");
        let plain = if is_folder { None } else { at(b"") };
        let index =
            || self.index.then(|| at(if is_folder { b"index.html" } else { b"/index.html" }));
        let clean = || (self.clean_urls && !is_folder).then(|| at(b".html"));
        plain.or_else(|| index().flatten()).or_else(|| clean().flatten())
    }
}

/// Decodes an address to bytes.
fn decoded(address: &str) -> Vec<u8> {
    let mut bytes = address.bytes();
    let mut whole = Vec::new();
    while let Some(byte) = bytes.next() {
        let mut digit =
            || char::from(bytes.next().unwrap_or_default()).to_digit(16).unwrap_or_default();
        whole.push(if byte == b'%' { (digit() << 4 | digit()) as u8 } else { byte });
    }
    whole
}

/// A server for a site that is replaced as a whole.
struct Origin {
    address: std::net::SocketAddr,
    site: Arc<Mutex<(PathBuf, Mode)>>,
}

impl Origin {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let site = Arc::new(Mutex::new((PathBuf::new(), Mode::default())));
        let served = Arc::clone(&site);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let head = read_head(&mut socket).await;
                let address = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let (root, mode) = served.lock().expect("the site").clone();
                let (status, body) = answer(&root, mode, &address);
                let head = format!(
                    "HTTP/1.1 {status} x\r\ncache-control: max-age=600\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                let _ = socket.write_all(&[head.as_bytes(), &body].concat()).await;
            }
        });
        Self { address, site }
    }
}

/// "Not found" responses are cached, too.
fn answer(root: &Path, mode: Mode, address: &str) -> (u16, Vec<u8>) {
    match mode.content(root, address) {
        Some(content) => (200, content),
        None => (404, b"none".to_vec()),
    }
}

async fn read_head(socket: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match socket.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// What a visitor sees at an address.
async fn visit(sandbox: &Sandbox, address: &str) -> (u16, Vec<u8>) {
    let mut socket = TcpStream::connect(sandbox.address()).await.expect("the sandbox");
    let request = format!(
        "GET /edge/{}{address} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
        sandbox.resource(),
        sandbox.address()
    );
    socket.write_all(request.as_bytes()).await.expect("a request");
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.expect("an answer");
    let end = answer.windows(4).position(|end| end == b"\r\n\r\n").expect("a head") + 4;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    assert!(!head.contains("transfer-encoding"), "{head}");
    (head[9..12].parse().expect("a status"), answer.split_off(end))
}

/// Names that servers, shells and encodings treat differently; some are folders of others.
const NAMES: [&[u8]; 14] = [
    b"index.html",
    b"a.html",
    b"A.html",
    b"a",
    b"d/index.html",
    b"d/a.html",
    b"d.html",
    b"d/e/index.html",
    "\u{fc}ber [1].html".as_bytes(),
    b"it's (2), 50%.js",
    b"x\ny.html",
    b"\xff.html",
    b"*?#.html",
    b"e/index.html/odd",
];

/// A random site.
fn build(root: &Path, random: &mut fastrand::Rng) {
    fs::create_dir_all(root).expect("a folder");
    for name in NAMES {
        let file = root.join(std::ffi::OsStr::from_bytes(name));
        if random.u8(..4) == 0 || fs::create_dir_all(file.parent().expect("a folder")).is_err() {
            continue;
        }
        let content = random.u8(..3).to_string();
        // Skips names that are already folders or lie below a file.
        drop(fs::write(file, content));
    }
    for (link, targets) in
        [("l.html", ["a.html", "d/a.html", "gone"]), ("latest", ["d", "d/e", "a"])]
    {
        if random.bool() {
            symlink(targets[random.usize(..3)], root.join(link)).expect("a link");
        }
    }
}

/// Every address at which a file may be requested, written without the rules under test.
fn addresses(mode: Mode, folder: &Path, name: &str, all: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let last = entry.file_name().as_bytes().to_vec();
        let name = format!("{name}/{}", encoded(&last, true));
        match entry.path().metadata() {
            Ok(data) if data.is_dir() => addresses(mode, &entry.path(), &name, all),
            Ok(_) => add(mode, &name, all),
            Err(_) => {}
        }
    }
}

fn add(mode: Mode, path: &str, all: &mut BTreeSet<String>) {
    let mut routes = vec![path.to_owned()];
    if mode.variants {
        routes.extend([format!("/en{path}"), format!("/img/2x{path}")]);
    }
    for route in routes {
        let mut names = vec![route.clone()];
        if mode.index
            && let Some(folder) = route.strip_suffix("/index.html")
        {
            names.extend([format!("{folder}/"), folder.to_owned()]);
        }
        if mode.clean_urls
            && let Some(stem) = route.strip_suffix(".html")
        {
            names.push(stem.to_owned());
        }
        names.retain(|name| !name.is_empty() && (name.len() == 1 || !name.ends_with("//")));
        for name in names {
            if mode.spellings {
                let bytes = decoded(&name);
                all.insert(encoded(&bytes, false));
                all.insert(lower(&encoded(&bytes, false)));
                all.insert(lower(&name));
                all.insert(name.replace('[', "%5B").replace(']', "%5D"));
            }
            all.insert(name.replace('*', "%2A"));
            all.insert(name);
        }
    }
}

/// Encodes a name as browsers do, or according to RFC 3986.
fn encoded(name: &[u8], browser: bool) -> String {
    let plain: &[u8] = if browser { b"-_.~/!$&'()*+,:;=@[]|" } else { b"-_.~/" };
    let one = |&byte: &u8| match byte.is_ascii_alphanumeric() || plain.contains(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    name.iter().map(one).collect()
}

fn lower(path: &str) -> String {
    let mut lower = String::new();
    let mut digits = 0;
    for c in path.chars() {
        digits = if c == '%' { 3_u8 } else { digits.saturating_sub(1) };
        lower.push(if digits > 0 { c.to_ascii_lowercase() } else { c });
    }
    lower
}

/// Builds two sites, fills the cache with the first, and purges what differs.
async fn check(seed: u64, mode: Mode, origin: &Origin, sandbox: &Sandbox) {
    let mut random = fastrand::Rng::with_seed(seed);
    let folder = Folder::new();
    let roots = ["old", "new"].map(|name| folder.path(name));
    let mut all = BTreeSet::new();
    for root in &roots {
        build(root, &mut random);
        addresses(mode, root, "", &mut all);
    }
    let context = format!("seed {seed}, {mode:?}");
    let site = |root: &Path| *origin.site.lock().expect("the site") = (root.to_owned(), mode);
    site(&roots[0]);
    let mut differ = 0;
    for address in &all {
        let cached = visit(sandbox, address).await;
        assert_eq!(cached, answer(&roots[0], mode, address), "{context}: {address}");
        differ += usize::from(cached != answer(&roots[1], mode, address));
    }
    site(&roots[1]);
    let (site, base) = (folder.text("site"), folder.text("base"));
    let both = |command: &'static [&'static str]| {
        [command, &["--site", &site, "--baseline", &base, "--wait"], &mode.options()].concat()
    };
    let mut said = String::new();
    for (root, command) in roots.iter().zip([&["create", "--first-run"][..], &["create"]]) {
        drop(fs::remove_file(folder.path("site")));
        symlink(root, folder.path("site")).expect("a link");
        let arguments = both(command);
        let ended = purge_at(sandbox, &arguments).end().await;
        // An empty site has no baseline; another test covers it.
        if ended.err.contains("has no files") {
            return;
        }
        assert_eq!(ended.code, Some(0), "{context}: {ended:?}");
        said = ended.err;
    }
    for address in &all {
        let seen = visit(sandbox, address).await;
        // No path purges it alone.
        if address.contains('*') && seen != answer(&roots[1], mode, address) {
            let note = "browsers do not encode the `*` in the name of a file";
            assert!(said.contains(note), "{context}: {address}: {said}");
            continue;
        }
        assert_eq!(
            seen,
            answer(&roots[1], mode, address),
            "{context}: {address} of {differ} is stale"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_is_stale_after_a_purge() {
    let origin = Origin::start().await;
    let modes = [
        Mode::default(),
        Mode { index: true, ..Mode::default() },
        Mode { clean_urls: true, ..Mode::default() },
        Mode { spellings: true, ..Mode::default() },
        Mode { index: true, clean_urls: true, variants: true, spellings: true },
    ];
    let seeds = match std::env::var("PURGE_SITES_SEED") {
        Ok(seed) => {
            let seed = seed.parse().expect("a number");
            seed..seed + 1
        }
        Err(_) => {
            0..std::env::var("PURGE_SITES").map_or(4, |count| count.parse().expect("a number"))
        }
    };
    for seed in seeds {
        for mode in modes {
            let sandbox = Sandbox::builder().origin_server(origin.address).start().await;
            check(seed, mode, &origin, &sandbox.expect("a sandbox")).await;
        }
    }
}
