// One export folder: its documents, its points and one continuous field.
import { ran } from '../app/ui/report.js';
import { getJSON, getOptionalJSON } from './server.js';
import { fetchBinary, fetchOptionalBinary, decode } from './binary.js';
import { safeName } from './names.js';

ran(import.meta.url);

/** Joins by plain text, as the viewer does: a leading slash does not escape the mount. */
const address = (server, entry) => `${server.base}/${(entry.path ?? entry.id).replace(/^\/+|\/+$/g, '')}/`.replace(/([^:])\/\/+/g, '$1/');

export async function loadDataset(server, wanted) {
  if (server.datasets.length === 0) throw new Error('the server lists no dataset');
  const folders = server.datasets.map((entry) => ({ id: entry.id, url: address(server, entry) }));
  await Promise.allSettled(folders.map((folder) => getJSON(`${folder.url}dataset_identity.json`)));
  const { id, url } = folders.find((folder) => folder.id === wanted) ?? folders[0];

  const identityArrives = getJSON(`${url}dataset_identity.json`);
  const pointsArrive = identityArrives.then((identity) => loadPoints(url, identity));
  const [identity, observations, genes, connectivity, points] = await Promise.all([
    identityArrives,
    getOptionalJSON(`${url}obs_manifest.json`),
    getOptionalJSON(`${url}var_manifest.json`),
    getOptionalJSON(`${url}connectivity_manifest.json`),
    pointsArrive,
  ]);
  if (identity.version !== 2) throw new Error(`identity version ${identity.version}`);

  const count = points.positions.length / points.dimension;
  if (count !== identity.stats.n_cells) throw new Error(`${count} points, but ${identity.stats.n_cells} cells`);
  const field = observations ? await loadField(url, observations, count) : null;
  await getOptionalJSON(`${url}state-snapshots.json`, { cache: 'no-store' });
  return { id, count, ...points, field, genes: genes?.fields.length ?? 0, edges: connectivity?.n_edges ?? 0 };
}

async function loadPoints(url, { embeddings }) {
  const first = embeddings.default_dimension;
  for (const dimension of [first, ...[3, 2, 1].filter((other) => other !== first)]) {
    if (!embeddings.available_dimensions.includes(dimension)) continue;
    const plain = `${url}points_${dimension}d.bin`;
    const bytes = (await fetchOptionalBinary(`${plain}.gz`)) ?? (await fetchOptionalBinary(plain));
    if (bytes) return { dimension, positions: new Float32Array(bytes) };
  }
  throw new Error('no file of points');
}

async function loadField(url, { _obsSchemas: schemas, _continuousFields: fields }, count) {
  if (!fields?.length) return null;
  const { pathPattern, dtype } = schemas.continuous;
  const [key, minimum, maximum] = fields[0];
  const file = pathPattern.replace('{key}', safeName(key)).split('/').map(encodeURIComponent).join('/');
  const bytes = await fetchBinary(url + file, { cache: 'force-cache' });
  const values = await decode({ bytes, dtype, minimum, maximum });
  if (values.length !== count) throw new Error(`${values.length} values in ${file}, but ${count} points`);
  return { key, values };
}
