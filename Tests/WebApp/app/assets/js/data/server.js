// The same-origin server: health, information and the list of datasets, asked in the viewer's order.
import { ran } from '../app/ui/report.js';

ran(import.meta.url);

/** @typedef {import('./never-jsdoc.js').Server} Server */

export async function getJSON(url, options = {}) {
  const response = await fetch(url, options);
  if (!response.ok) throw new Error(`${response.status} for ${url}`);
  return response.json();
}

/** Answers the value, or null if the file does not exist; every other failure is thrown. */
export async function getOptionalJSON(url, options = {}) {
  const response = await fetch(url, options);
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`${response.status} for ${url}`);
  return response.json();
}

export async function connect(base) {
  const probe = await getJSON(`${base}/_cellucid/health`, { cache: 'no-store' });
  if (probe.status !== 'ok') throw new Error(`no server here: ${probe.status}`);
  await getJSON(`${base}/_cellucid/health`, { signal: AbortSignal.timeout(5000) });
  const information = await getJSON(`${base}/_cellucid/info`);
  await getJSON(`${base}/_cellucid/datasets`);
  const { datasets } = await getJSON(`${base}/_cellucid/datasets`);
  return { base, information, datasets };
}
