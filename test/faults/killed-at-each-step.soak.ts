import { killedAtEachStep, STEPS } from './killed-at-each-step.js';

killedAtEachStep(STEPS.flatMap((step) => [['before', step], ['after', step]] as const));
