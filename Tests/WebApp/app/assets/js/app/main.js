// The module entry: starts the page and reports how far it came.
import { ran, report, fail } from './ui/report.js';
import { connect, loadDataset } from '../data/index.js';
import { draw } from '../rendering/index.js';
import { probeAssets } from './ui/probes.js';
import './ui/extras.js';

ran(import.meta.url);

async function start() {
  if (typeof fixtureRanges === 'undefined') throw new Error('the deferred classic script did not run first');
  const parameters = new URLSearchParams(location.search);
  const server = await connect(new URL('.', document.baseURI).href.replace(/\/$/, ''));
  const dataset = await loadDataset(server, parameters.get('dataset'));
  report({ datasetId: dataset.id, dimension: dataset.dimension, field: dataset.field?.key ?? '' });
  await draw(document.getElementById('points'), dataset);
  await probeAssets();
  report({ points: dataset.count, state: 'drawn' });
}

start().catch(fail);
