import { ran } from '../app/ui/report.js';
import { project } from './projection.js';

ran(import.meta.url);

/** Draws one small square a point, coloured by the field's value, and fails if nothing became visible. */
export function paint(canvas, { positions, dimension, count, field }, colour) {
  const context = canvas.getContext('2d');
  const [low, high] = fixtureRanges.of(field?.values ?? []);
  context.clearRect(0, 0, canvas.width, canvas.height);
  for (let index = 0; index < count; index += 1) {
    const [x, y] = project(positions, index, dimension);
    context.fillStyle = colour(field ? (field.values[index] - low) / (high - low || 1) : 0);
    context.fillRect((x * 0.45 + 0.5) * canvas.width - 1, (0.5 - y * 0.45) * canvas.height - 1, 3, 3);
  }
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  if (!data.some((sample) => sample !== 0)) throw new Error('nothing was drawn');
}
