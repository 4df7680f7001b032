//! The small site that is served and cached when no origin is given.

macro_rules! site {
    ($($path:literal)*) => {
        &[$((concat!("/", $path), include_bytes!(concat!("../assets/site/", $path)))),*]
    };
}

/// Path and content of each file.
pub(crate) const FILES: &[(&str, &[u8])] = site![
    "about.html"
    "assets/app.js"
    "assets/style.css"
    "images/banner.svg"
    "images/icons/home.svg"
    "images/logo.svg"
    "index.html"
    "robots.txt"
];

pub(crate) fn file(path: &str) -> Option<&'static [u8]> {
    let path = if path == "/" { "/index.html" } else { path };
    FILES.iter().find(|(name, _)| *name == path).map(|(_, content)| *content)
}
