import { unchangedRestart } from './unchanged-restart.js';

unchangedRestart(300);
