import { Preview } from '../entities/preview.js';
import { connectionOf } from './connection.js';

export const PreviewConnection = connectionOf(Preview, 'Preview');
