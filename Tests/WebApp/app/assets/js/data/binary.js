// Binary files: the name alone says whether one is compressed; values are decoded in a worker.
import { ran } from '../app/ui/report.js';

ran(import.meta.url);

export async function fetchBinary(url, options = {}) {
  const bytes = await fetchOptionalBinary(url, options);
  if (!bytes) throw new Error(`404 for ${url}`);
  return bytes;
}

export async function fetchOptionalBinary(url, options = {}) {
  const response = await fetch(url, options);
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`${response.status} for ${url}`);
  if (!/\.gz$/.test(new URL(url).pathname)) return response.arrayBuffer();
  return new Response(response.body.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
}

export function decode(message) {
  const worker = new Worker(new URL('./decode-worker.js', import.meta.url), { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      ran(...data.modules);
      worker.terminate();
      resolve(data.values);
    };
    worker.onerror = (event) => reject(new Error(`worker: ${event.message ?? 'did not load'}`));
    worker.postMessage(message, [message.bytes]);
  });
}
