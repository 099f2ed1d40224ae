import type { ServerResponse } from 'node:http';

/** A slow reader holds up its own stream only: what it misses meanwhile is counted where the lines come from. */
export const drained = (res: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const go = (): void => {
      res.off('drain', go).off('close', go);
      resolve();
    };
    res.once('drain', go).once('close', go);
  });
