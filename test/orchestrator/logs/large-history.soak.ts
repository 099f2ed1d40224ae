import { largeHistory } from './large-history.js';

largeHistory(1024 ** 3);
