const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A size that a person reads at a glance. */
export function bytesInWords(bytes: number): string {
  let size = bytes;
  let unit = 0;
  for (; size >= 1024 && unit < UNITS.length - 1; unit += 1) size /= 1024;
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`;
}
