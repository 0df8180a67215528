import { ran } from '../../app/ui/report.js';

ran(import.meta.url);

export const name = 'summer';
