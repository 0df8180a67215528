// Quantised values are spread over [minimum, maximum]; the largest code marks a missing one.
export const module = import.meta.url;

const kinds = { float32: Float32Array, uint8: Uint8Array, uint16: Uint16Array };

export function dequantise({ bytes, dtype, minimum, maximum }) {
  const codes = new kinds[dtype](bytes);
  if (dtype === 'float32') return codes;
  const missing = dtype === 'uint8' ? 255 : 65535;
  const step = (maximum - minimum) / (missing - 1);
  return Float32Array.from(codes, (code) => (code === missing ? NaN : minimum + code * step));
}
