import { ran } from '../app/ui/report.js';

ran(import.meta.url);

/** The place of a point on the unit square's plane, seen a little from above if it has depth. */
export function project(positions, index, dimension) {
  const [x = 0, y = 0, z = 0] = positions.subarray(index * dimension, (index + 1) * dimension);
  return [0.9 * x + 0.3 * z, 0.9 * y + 0.2 * z];
}
