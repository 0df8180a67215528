import { ran } from '../app/ui/report.js';
import { lexical } from '../data/index.js';
import { paint } from './canvas.js';
export { project } from './projection.js';

ran(import.meta.url);

export async function draw(canvas, dataset) {
  await lexical.check();
  // Named in the text, but loaded only when something is drawn.
  const { colour } = await import('./palettes/default.js');
  paint(canvas, dataset, colour);
}
