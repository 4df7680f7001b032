'use strict';

const token = document.getElementById('token');

function request(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const input of form.querySelectorAll('[data-in]')) {
    if (input.dataset.in === 'path') path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else if (input.dataset.in === 'query' && input.value !== '') query.set(input.name, input.value);
  }
  const headers = 'public' in form.dataset ? {} : { Authorization: `Bearer ${token.value}` };
  const body = form.elements.body?.value;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const search = query.size ? `?${query}` : '';
  return [location.origin + path + search, { method: form.dataset.method, headers, body, cache: 'no-store' }];
}

function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function curl(url, { method, headers, body }) {
  const lines = [`curl -X ${method} ${quote(url)}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`-H ${quote(`${name}: ${value}`)}`);
  if (body !== undefined) lines.push(`--data-raw ${quote(body)}`);
  return lines.join(' \\\n  ');
}

function pretty(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

function block(text) {
  const pre = document.createElement('pre');
  pre.tabIndex = 0;
  pre.textContent = text;
  return pre;
}

for (const form of document.forms) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const [url, init] = request(form);
    const output = form.querySelector('output');
    let answer;
    try {
      const response = await fetch(url, init);
      const headers = [...response.headers].map(([name, value]) => `${name}: ${value}\n`).join('');
      answer = `HTTP ${response.status}\n${headers}\n${pretty(await response.text())}`;
    } catch (error) {
      answer = `No response: ${error.message}`;
    }
    form.querySelector('[hidden]')?.removeAttribute('hidden');
    output.replaceChildren(block(answer), block(curl(url, init)));
  });
}

// A link to a schema opens its details.
function open() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
addEventListener('hashchange', open);
open();
