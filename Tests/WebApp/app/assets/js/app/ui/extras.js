// Loads, on demand, two files whose names exist only at run time: no reading of the text finds them.
// With `?extras=1` that happens by itself, else by the button.
import { ran, report } from './report.js';

ran(import.meta.url);

const season = ['win', 'sum'][1] + 'mer';

async function loadExtras() {
  const palette = await import(`../../rendering/palettes/${season}.js`);
  const address = new URL(['..', '..', '..', 'notes', `note-${6 * 7}.json`].join('/'), import.meta.url);
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${response.status} for the note`);
  const note = await response.json();
  report({ extras: `${palette.name} ${note.number}` });
}

const ask = () => loadExtras().catch((error) => report({ extras: `failed: ${error.message}` }));
document.getElementById('extras').addEventListener('click', ask);
if (new URLSearchParams(location.search).has('extras')) ask();
