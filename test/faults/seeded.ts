/** Numbers from 0 to 1 that are the same for the same seed: a run can be played again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The seed of this run, printed so that a failure can be repeated. */
export function seedOfRun(): number {
  const seed = Number(process.env.APEX_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  process.stderr.write(`APEX_TEST_SEED=${seed}\n`);
  return seed;
}
