// Everything a test wants to know is an attribute of the root element.
const root = document.documentElement;
const modules = new Set();

/** Shortens a module's address to its path below `assets/`, the same wherever the app is mounted. */
export const nameOf = (url) => new URL(url).pathname.replace(/^.*?\/assets\//, '');

export function ran(...urls) {
  for (const url of urls) modules.add(nameOf(url));
  root.dataset.modules = [...modules].sort().join(' ');
}

export function report(values) {
  for (const [name, value] of Object.entries(values)) root.dataset[name] = String(value);
  document.getElementById('status').textContent = root.dataset.state;
}

export function fail(error) {
  report({ state: `failed: ${error.message}` });
}

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? '';
root.dataset.buildId = meta('cellucid-web-build-id');
root.dataset.exportsBaseUrl = meta('cellucid-exports-base-url');
ran(import.meta.url);
