// A module worker: it has imports of its own.
import { dequantise, module as decoder } from './quantisation.js';

self.onmessage = ({ data }) => {
  const values = dequantise(data);
  self.postMessage({ values, modules: [import.meta.url, decoder] }, [values.buffer]);
};
