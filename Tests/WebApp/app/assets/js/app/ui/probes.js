// Proves that the font and the WebAssembly module arrived usable, each with its media type.
import { ran, report } from './report.js';

ran(import.meta.url);

export async function probeAssets() {
  const faces = await document.fonts.load('16px "Fixture"', 'A');
  const compiled = await WebAssembly.instantiateStreaming(fetch(new URL('../../../wasm/empty.wasm', import.meta.url)));
  report({
    font: faces.length > 0 ? 'loaded' : 'missing',
    wasm: compiled.instance instanceof WebAssembly.Instance ? 'loaded' : 'missing',
    stylesheet: getComputedStyle(document.querySelector('.panel')).display === 'flex' ? 'applied' : 'missing',
  });
}
