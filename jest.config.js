const soak = process.env.APEX_SOAK === '1';

export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  // What stops the shared node, or takes long, is named *.soak.ts and has the machine to itself.
  testMatch: ['**/*.test.ts', ...(soak ? ['**/*.soak.ts'] : [])],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest'] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testTimeout: 60_000,
  maxWorkers: soak ? 1 : 2,
};
