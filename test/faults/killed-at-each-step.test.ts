import { killedAtEachStep } from './killed-at-each-step.js';

killedAtEachStep([
  ['before', { state: 'ROLLING_OUT' }],
  ['after', { call: 'PATCH /jobs/' }],
  ['before', { call: 'PATCH /deployments/' }],
  ['after', { state: 'LIVE' }],
]);
