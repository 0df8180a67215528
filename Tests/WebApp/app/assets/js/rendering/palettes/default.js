import { ran } from '../../app/ui/report.js';

ran(import.meta.url);

/** The colour of a value between 0 and 1; grey for a missing one. */
export const colour = (value) => (Number.isFinite(value) ? `hsl(${260 - 210 * value} 70% 45%)` : '#9aa4ae');
