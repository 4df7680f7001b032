use proptest::prelude::*;

use super::*;

fn values(values: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    values.iter().map(|(name, texts)| ((*name).to_owned(), owned(texts))).collect()
}

fn paths(texts: &[&str]) -> Paths {
    texts.iter().map(|text| PurgePath::with_query(*text).expect(text)).collect()
}

#[track_caller]
fn check(rules: &Rules, given: &[&str], expected: &[&str]) {
    let (all, aliases) = rules.expand(paths(given)).expect("addresses");
    assert_eq!(all.iter().collect::<Vec<_>>(), expected);
    assert_eq!(aliases.len(), expected.len() - given.len());
}

#[test]
fn index_file_has_both_addresses_of_its_folder() {
    let rules =
        Rules::new().index("index.html").expect("a name").index("in dex.htm").expect("a name");
    check(&rules, &["/index.html", "/a"], &["/index.html", "/", "/a"]);
    check(&rules, &["/d/e/index.html"], &["/d/e/index.html", "/d/e/", "/d/e"]);
    check(&rules, &["/d/in%20dex.htm"], &["/d/in%20dex.htm", "/d/", "/d"]);
    check(
        &rules,
        &["/d/myindex.html", "/d/index.html.gz"],
        &["/d/myindex.html", "/d/index.html.gz"],
    );
    check(&rules, &["/d/index.html?a=1"], &["/d/index.html?a=1", "/d/?a=1", "/d?a=1"]);
    check(&rules, &["/d/*/index.html"], &["/d/*/index.html"]);
    Rules::new().index("..").expect_err("not a name");
    for odd in ["docs/index.html", "/index.html", "index.html/", "index.*", "index.html,index.htm"]
    {
        let error = Rules::new().index(odd).expect_err("never the name of a file").to_string();
        assert!(error.starts_with(&format!("`{odd}` has a `")), "{error}");
    }
}

#[test]
fn clean_urls_have_no_ending() {
    let rules = Rules::new().clean_urls();
    check(&rules, &["/a.html", "/b.htm", "/d/.html"], &["/a.html", "/a", "/b.htm", "/d/.html"]);
    let both = rules.index("index.html").expect("a name");
    check(&both, &["/d/index.html"], &["/d/index.html", "/d/", "/d", "/d/index"]);
}

#[test]
fn variants_are_below_the_resource_and_have_names_of_their_own() {
    let values = values(&[("lang", &["en", "de"]), ("width", &["200"])]);
    let rules = Rules::new().template("/{lang}{path}", &values).expect("a template");
    check(&rules, &["/a", "/b/*"], &["/a", "/en/a", "/de/a", "/b/*", "/en/b/*", "/de/b/*"]);
    let rules = Rules::new().template("/{lang}/img/{width}x{path}.webp", &values).expect("one");
    check(&rules, &["/a.png"], &["/a.png", "/en/img/200x/a.png.webp", "/de/img/200x/a.png.webp"]);
    let rules =
        Rules::new().template("/en{path}", &values).expect("one").index("index.html").expect("one");
    let rules = rules.prefix(&"/shop/".parse().expect("a path"));
    check(
        &rules,
        &["/shop/index.html"],
        &["/shop/index.html", "/shop/", "/shop", "/en/", "/en", "/en/index.html"],
    );
    check(&rules, &["/shopping/a"], &["/shopping/a"]);
}

#[test]
fn malformed_templates_are_refused() {
    let refused = |template: &str| {
        let values = values(&[("lang", &["en"]), ("many", &["a"; 40]), ("odd", &["a b"])]);
        Rules::new().template(template, &values).expect_err(template).to_string()
    };
    assert_eq!(refused("/en"), "template `/en`: it has no `{path}`");
    assert_eq!(refused("{path}{path}"), "template `{path}{path}`: it has `{path}` twice");
    assert_eq!(refused("/{lang{path}"), "template `/{lang{path}`: a `{` without a `}`");
    assert_eq!(refused("/{lang"), "template `/{lang`: it has no `{path}`");
    assert_eq!(refused("{path}{lang"), "template `{path}{lang`: a `{` without a `}`");
    assert!(
        refused("/{x}{path}")
            .ends_with("`x` has no values: list them in `values`, as in `x = [\"a\", \"b\"]`")
    );
    assert!(refused("/{many}/{many}{path}").ends_with("more than 1000 variants"));
    assert!(refused("/*{path}").ends_with("a `*`: list the values that it stands for"));
    assert!(refused("/{odd}{path}").contains("`/a b/x`: a space"));
    assert!(refused("{lang}{path}").contains("does not begin with `/`"));
}

#[test]
fn every_address_has_spellings_and_query_strings() {
    let rules = Rules::new().clean_urls().spellings();
    check(
        &rules,
        &["/[a].html"],
        &["/[a].html", "/[a]", "/%5Ba%5D", "/%5ba%5d", "/%5Ba%5D.html", "/%5ba%5d.html"],
    );
    let rules = Rules::new().clean_urls().with_query();
    check(&rules, &["/a.html", "/b?c"], &["/a.html", "/a", "/a?*", "/a.html?*", "/b?c"]);
    check(&Rules::new().with_query(), &["/d/*"], &["/d/*", "/d/*?*"]);
}

#[test]
fn given_path_is_not_an_alias() {
    let rules = Rules::new().index("index.html").expect("a name").clean_urls();
    let (all, aliases) =
        rules.expand(paths(&["/d/index.html", "/d.html", "/d/"])).expect("addresses");
    assert_eq!(
        all.iter().collect::<Vec<_>>(),
        ["/d/index.html", "/d", "/d/index", "/d.html", "/d/"]
    );
    assert_eq!(aliases.of("/d"), Some("/d/index.html"));
    assert_eq!((aliases.of("/d/"), aliases.len()), (None, 2));
}

#[test]
fn name_with_a_control_character_has_aliases_and_long_alias_is_refused() {
    let rules =
        Rules::new().clean_urls().template("/en{path}", &BTreeMap::new()).expect("a template");
    let odd = PurgePath::from_file_name("a\nb,.html").expect("a name");
    let (all, _) = rules.expand([odd].into()).expect("addresses");
    assert_eq!(
        all.iter().collect::<Vec<_>>(),
        ["/a%0Ab,.html", "/a%0Ab,", "/en/a%0Ab,", "/en/a%0Ab,.html"]
    );
    let long = format!("/{}", "a".repeat(PurgePath::MAX_BYTES - 1));
    let error = rules.expand(paths(&[&long])).expect_err("too long").to_string();
    assert!(
        error.contains(", an alias of `/aaa") && error.contains("longer than 8192 bytes"),
        "{error}"
    );
}

proptest! {
    /// Whatever the rules are, each given path is purged, and every alias belongs to a given path.
    #[test]
    fn no_given_path_is_lost(
        given in proptest::collection::vec(r"/([a-c\[%(]|/|index\.html|\.html|\*|%C3%A9){0,4}", 0..6),
        (index, clean, spellings, query) in any::<(bool, bool, bool, bool)>(),
    ) {
        let mut rules = Rules::new();
        if index { rules = rules.index("index.html").expect("a name"); }
        if clean { rules = rules.clean_urls(); }
        if spellings { rules = rules.spellings(); }
        if query { rules = rules.with_query(); }
        let given: Vec<PurgePath> = given.iter().filter_map(|text| PurgePath::new(text).ok()).collect();
        let (all, aliases) = rules.expand(given.clone().into()).expect("addresses");
        let mut left = given.iter().map(PurgePath::as_str).peekable();
        for path in all.iter() {
            match aliases.of(path) {
                Some(of) => prop_assert!(given.iter().any(|path| path.as_str() == of)),
                None => prop_assert_eq!(left.next(), Some(path)),
            }
        }
        prop_assert_eq!(left.next(), None);
    }
}
