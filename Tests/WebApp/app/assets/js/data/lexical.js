// Text that misleads whoever looks for imports without reading the language. No file named `never-…` exists.
import { ran } from '../app/ui/report.js';
// import { line } from './never-line.js';
/* import { block } from './never-block.js';
   export * from './never-block-2.js'; */

ran(import.meta.url);

const quotes = /["'`]/g;
const slashes = /[/*]\/\*|\/\//;
const half = (whole) => whole / 2 / 1; // "never closed
const text = "import x from './never-string.js'";
const link = 'https://example.org//* no comment here';
const escaped = 'it\'s not import("./never-escaped.js")';
const template = `import y from './never-template.js'; ${`nested ${'}'} // ${half(4)} "`} /* still text`;
const object = { import: (name) => name, from: 'never' };
const member = object.import('./never-member.js');

// A reader that lost its place in the lines above misses this one, which does exist.
const after = import('./after.js');

/** Whether all of the above meant what it looks like. */
export async function check() {
  const { answer } = await after;
  const held = `a"b'c\``.replace(quotes, '').length === 3 && slashes.test('a//b') && template.includes('// 2 "')
    && [text, link, escaped, member].every((entry) => typeof entry === 'string');
  if (!held || answer !== 'after') throw new Error('lexical.js was altered on its way');
}
