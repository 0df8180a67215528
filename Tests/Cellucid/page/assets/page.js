// What the viewer's page of Cellucid 0.0.9 says to its server and to the notebook around it.
const base = new URL('.', location.href);
const query = new URLSearchParams(location.search);
const viewerId = query.get('viewerId');

async function post(path, type, body) {
  const answer = await fetch(new URL(path, base), {
    method: 'POST', headers: { 'Content-Type': type }, body, keepalive: type === 'application/json',
  });
  return answer.ok ? await answer.json() : { status: answer.status };
}

const send = (event) => post('_cellucid/events', 'application/json', JSON.stringify({ ...event, viewerId }));

addEventListener('message', async ({ data }) => {
  if (data?.type !== 'requestSessionBundle' || data.viewerToken !== query.get('viewerToken')) return;
  const bundle = new Blob([`CELLUCID_SESSION\n${'x'.repeat(200000)}`], { type: 'application/octet-stream' });
  const path = `_cellucid/session_bundle?viewerId=${viewerId}&requestId=${data.requestId}`;
  const answer = await post(path, 'application/octet-stream', bundle);
  parent.postMessage({ type: 'uploaded', viewerId, answer }, '*');
});

(async () => {
  const answer = await fetch(new URL('_cellucid/health', base), { cache: 'no-store' });
  if (!answer.ok) return;
  const points = await (await fetch(new URL('points_2d.bin', base))).arrayBuffer();
  await send({ type: 'ready', n_cells: points.byteLength / 8, dimensions: 2 });
  await send({ type: 'selection', cells: [4, 5], source: 'lasso' });
  parent.postMessage({ type: 'ready', viewerId }, '*');
})();
