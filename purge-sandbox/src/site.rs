//! The small site that is in the cache when nothing else was asked for.

/// The paths of the built-in site.
pub(crate) const PATHS: [&str; 8] = [
    "/about.html",
    "/assets/app.js",
    "/assets/style.css",
    "/images/banner.svg",
    "/images/icons/home.svg",
    "/images/logo.svg",
    "/index.html",
    "/robots.txt",
];
