use purge_api_ext::PageSize;
use purge_sandbox::Sandbox;

use super::*;

/// A page received over HTTP, with the fields that the tests set.
async fn page() -> Page {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let client = purge_api_ext::Client::builder(sandbox.token()).base_url(sandbox.base_url());
    let organization = sandbox.organization().parse().expect("an ID");
    let resource = sandbox.resource().parse().expect("an ID");
    let site = client.build().expect("a client").resource(organization, resource);
    let paths =
        ["/index.html", "/images/*", "/deeply/nested/folder/with/a/long/name/index.html", "/d"];
    let plan = purge_api_ext::Plan::parse(paths).expect("a plan");
    assert!(site.purge(plan).await.is_success());
    let mut page =
        site.list().page_size(PageSize::MAX).page(std::num::NonZeroU64::MIN).await.expect("a page");
    let times = [
        (Some("2025-08-06T11:39:51.123456Z"), Some("2025-08-06T11:39:53.623456Z"), Some(1)),
        (Some("2025-08-06T11:39:51Z"), Some("2025-08-06T11:42:51Z"), Some(0)),
        (Some("2025-08-06T11:39:51Z"), None, None),
        (Some("soon\n::error::x"), Some("2025-08-06T11:42:51Z"), Some(7)),
    ];
    page.requests.sort_by(|a, b| a.url.cmp(&b.url));
    for (index, (record, (created, completed, status))) in
        page.requests.iter_mut().zip(times).enumerate()
    {
        record.op_id = format!("00000000-0000-4000-8000-{:012}", index / 2).parse().ok();
        record.created_at = created.map(str::to_owned);
        record.completed_at = completed.map(str::to_owned);
        record.status = status;
    }
    page
}

fn render(pages: &[&Page], screen: Screen) -> String {
    let mut out = Vec::new();
    let mut table = Table::new(screen, false);
    for page in pages {
        table.page(&mut out, page).expect("a buffer takes everything");
    }
    table.end(&mut out).expect("a buffer takes everything");
    String::from_utf8(out).expect("text").replace('\x1b', "␛")
}

#[tokio::test]
async fn records_at_several_widths() {
    let page = page().await;
    let at = |width: Option<usize>, colour| {
        let text = render(&[&page], Screen { width, colour });
        let width = width.map_or("no terminal".to_owned(), |width| format!("{width} columns"));
        format!("── {width}{}\n{text}", if colour { ", colours" } else { "" })
    };
    insta::assert_snapshot!(
        [(Some(40), false), (Some(80), false), (Some(80), true), (Some(200), false), (None, false)]
            .map(|(width, colour)| at(width, colour))
            .concat()
    );
}

#[tokio::test]
async fn no_line_is_wider_than_the_screen() {
    let page = page().await;
    for width in 40..=200 {
        let text = render(&[&page, &page], Screen { width: Some(width), colour: false });
        for line in text.lines().filter(|line| !line.contains("soon")) {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[tokio::test]
async fn pages_are_one_table() {
    let page = page().await;
    let screen = Screen { width: None, colour: false };
    let text = render(&[&page, &page], screen);
    assert_eq!(text.matches("OPERATION").count(), 1, "{text}");
    assert!(text.ends_with("8 of 4 records\n"), "{text}");
    assert_eq!(render(&[], screen), "no purge requests\n");
}

#[tokio::test]
async fn page_beyond_the_last_names_the_last() {
    let mut page = page().await;
    let screen = Screen { width: None, colour: false };
    page.requests.clear();
    (page.page, page.total) = (7, Some(401));
    assert_eq!(render(&[&page], screen), "page 7 is beyond the last page, 5\n");
    page.total = Some(400);
    assert_eq!(render(&[&page], screen), "page 7 is beyond the last page, 4\n");
    page.total = Some(0);
    assert_eq!(render(&[&page], screen), "no purge requests\n");
    page.total = None;
    assert_eq!(render(&[&page], screen), "no purge requests\n");
}
