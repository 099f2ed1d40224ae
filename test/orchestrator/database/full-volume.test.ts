import { fullVolume } from './full-volume.js';

fullVolume(['postgres']);
