/** Kubernetes' quantities: a decimal number with a suffix of tens or of twos, or an exponent. */
const QUANTITY = /^(\d{1,15}(?:\.\d{1,9})?)(m|k|[MGTPE]|[KMGTPE]i|[eE][+-]?\d{1,2})?$/;
const TENS = 'kMGTPE';
const TWOS = 'KMGTPE';

/** The number that a quantity stands for (cores, bytes), or null where it is none. */
export function quantityOf(text: string): number | null {
  const [, digits, suffix] = QUANTITY.exec(text) ?? [];
  if (digits === undefined) return null;
  const value = Number(digits);
  if (!suffix) return value;
  if (suffix === 'm') return value / 1000;
  if (suffix.endsWith('i')) return value * 1024 ** (TWOS.indexOf(suffix[0]!) + 1);
  if (/^[eE]./.test(suffix)) return value * 10 ** Number(suffix.slice(1));
  return value * 1000 ** (TENS.indexOf(suffix) + 1);
}
