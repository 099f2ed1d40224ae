import { largeHistory } from './large-history.js';

largeHistory(16 * 1024 ** 2);
