import { joinsAndLeaves } from './joins-and-leaves.js';

joinsAndLeaves(10_000);
