"""Checks both pages of a new sandbox in a real browser: python check.py BASE_URL [SCREENSHOT_FOLDER]

It needs PyPI `playwright` and Debian's `chromium`. Every failure is an AssertionError.
"""

import json
import sys
import urllib.request

from playwright.sync_api import expect, sync_playwright

BASE = sys.argv[1]
SHOTS = sys.argv[2] if len(sys.argv) > 2 else None
ORGANIZATION = "550e8400-e29b-41d4-a716-446655440000"
RESOURCE = "660f9511-f30c-52e5-b827-557766551111"


def purge(*paths):
    request = urllib.request.Request(
        f"{BASE}/api/v1/cdn/{ORGANIZATION}/job/{RESOURCE}/purge",
        data=json.dumps({"resource_uuid": RESOURCE, "file_path": paths}).encode(),
        headers={"Authorization": "Bearer sandbox-token", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["opID"]


def follows_the_state(page):
    expect(page.locator("#live")).to_contain_text("Live:")
    jobs = page.locator("#jobs details")
    before = jobs.count()
    page.locator("#caches summary").first.focus()
    page.locator("#caches details").nth(1).locator("summary").evaluate("s => s.click()")
    job = purge("/about.html", "/<b>bold</b>")
    expect(jobs).to_have_count(before + 1)
    expect(page.locator(f"#job-{job}")).to_contain_text("2 of 2 finished")
    expect(page.locator("#jobs b")).to_have_count(0)
    expect(page.locator("#caches")).not_to_contain_text("Small: 8 objects")
    # Open details stay open, and the focus stays where it was.
    assert page.locator("#caches details").nth(1).evaluate("d => d.open")
    focused = "document.activeElement.tagName + document.activeElement.closest('details')?.id"
    assert page.evaluate(focused) == f"SUMMARYcache-{RESOURCE}", page.evaluate(focused)


def tries_every_operation(page):
    page.get_by_role("button", name="Try it: Generate an API token").press("Enter")
    signed_in = page.locator("section:has(#createToken) output")
    expect(signed_in).to_contain_text("HTTP 200")
    expect(signed_in).not_to_contain_text("Authorization")
    page.get_by_role("button", name="Try it: Create a purge job").press("Enter")
    created = page.locator("section:has(#createPurge) output")
    expect(created).to_contain_text("HTTP 200")
    headers, answer = created.locator("pre").first.inner_text().split("\n\n", 1)
    assert "content-type: application/json" in headers, headers
    page.locator("#listPurgeRequests-opID").fill(json.loads(answer)["opID"])
    page.get_by_role("button", name="Try it: List purge requests").press("Enter")
    listed = page.locator("section:has(#listPurgeRequests) output")
    expect(listed).to_contain_text('"total": 3')
    # The browser must not block requests that the server refuses.
    for bad in ("500", "many"):
        page.locator("#listPurgeRequests-limit").fill(bad)
        page.get_by_role("button", name="Try it: List purge requests").press("Enter")
        expect(listed).to_contain_text("HTTP 422")
        expect(listed).to_contain_text(bad)
    page.get_by_label("Bearer token").fill("wrong")
    page.get_by_role("button", name="Try it: Create a purge job").press("Enter")
    expect(created).to_contain_text("HTTP 401")
    expect(created).to_contain_text("www-authenticate: Bearer")


def main():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            for width in (1280, 400):
                for path, check in (("/", follows_the_state), ("/docs", tries_every_operation)):
                    context = browser.new_context(
                        viewport={"width": width, "height": 900}, color_scheme=scheme
                    )
                    page = context.new_page()
                    problems = []
                    page.on("pageerror", lambda error: problems.append(str(error)))
                    # The refusals that the checks provoke.
                    meant = ("401", "422")
                    page.on("console", lambda m: m.type == "error" and not any(s in m.text for s in meant) and problems.append(m.text))
                    page.goto(BASE + path)
                    check(page)
                    assert not problems, problems
                    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} at {width}"
                    for element in ("input:not([type=hidden])", "textarea"):
                        for field in page.locator(element).all():
                            assert field.evaluate("f => f.labels.length"), field
                    if SHOTS:
                        name = "docs" if path == "/docs" else "state"
                        page.screenshot(path=f"{SHOTS}/{name}-{scheme}-{width}.png", full_page=True)
                    context.close()
        without = browser.new_context(java_script_enabled=False).new_page()
        without.goto(BASE)
        expect(without.locator("#jobs")).to_contain_text("finished")
        expect(without.locator("#live")).to_contain_text("reload")
        browser.close()
    print("both pages work")


main()
