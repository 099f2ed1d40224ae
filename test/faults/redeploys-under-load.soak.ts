import { redeploysUnderLoad } from './redeploys-under-load.js';

redeploysUnderLoad(20, 200);
