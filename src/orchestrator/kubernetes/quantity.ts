const SUFFIXES: Readonly<Record<string, number>> = {
  '': 1, n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
};
const QUANTITY = /^([0-9]+(?:\.[0-9]+)?)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/;

/** The number that a Kubernetes quantity stands for (`500m` is 0.5, `1Ki` is 1024); undefined for any other text. */
export function quantity(text: string): number | undefined {
  const match = QUANTITY.exec(text);
  return match ? Number(match[1]) * (SUFFIXES[match[2] ?? ''] ?? 1) : undefined;
}

/** Whole millicores. */
export const formatCpu = (cores: number): string => `${Math.max(1, Math.round(cores * 1000))}m`;

/** Whole mebibytes. */
export const formatMemory = (bytes: number): string => `${Math.max(1, Math.round(bytes / 2 ** 20))}Mi`;
