import { fullVolume } from './full-volume.js';

fullVolume(['mariadb', 'redis']);
