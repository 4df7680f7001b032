'use strict';

const live = document.getElementById('live');

// Replaces a part of the page. Open details stay open, and the focus and the scroll position are kept.
function replace(id, html) {
  const part = document.getElementById(id);
  const known = new Map([...part.querySelectorAll('details')].map((d) => [d.id, d.open]));
  const focused = part.contains(document.activeElement) ? place(document.activeElement) : null;
  const scrolled = new Map([...part.querySelectorAll('.wide')].map((w) => [w.ariaLabel, w.scrollLeft]));
  part.innerHTML = html;
  for (const details of part.querySelectorAll('details')) {
    if (known.has(details.id)) details.open = known.get(details.id);
  }
  for (const wide of part.querySelectorAll('.wide')) wide.scrollLeft = scrolled.get(wide.ariaLabel) ?? 0;
  if (focused) find(part, focused)?.focus({ preventScroll: true });
}

function place(element) {
  return { details: element.closest('details')?.id, tag: element.tagName, label: element.ariaLabel, href: element.getAttribute('href') };
}

function find(part, { details, tag, label, href }) {
  const root = details ? document.getElementById(details) ?? part : part;
  return [...root.querySelectorAll(tag)].find((e) => e.ariaLabel === label && e.getAttribute('href') === href);
}

const source = new EventSource('/events');
source.onopen = () => { live.textContent = 'Live: this page shows the current state of the sandbox.'; };
source.onerror = () => { live.textContent = 'Not live: the sandbox does not respond. This is the last known state.'; };
source.onmessage = (event) => {
  for (const [id, html] of Object.entries(JSON.parse(event.data))) replace(id, html);
};
