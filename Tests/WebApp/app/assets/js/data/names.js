import { ran } from '../app/ui/report.js'; ran(import.meta.url);

/** The file name of a field: every run of other characters becomes one `_`, none of them or `.` at the ends. */
export const safeName = (key) => key.replace(/[^A-Za-z0-9._-]+/g, '_').replace(/^[._]+|[._]+$/g, '') || 'field';
