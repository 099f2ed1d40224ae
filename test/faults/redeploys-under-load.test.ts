import { redeploysUnderLoad } from './redeploys-under-load.js';

redeploysUnderLoad(2, 100);
