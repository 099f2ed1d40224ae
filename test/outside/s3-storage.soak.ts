import { describe } from '@jest/globals';
import { streamedObjects } from './streamed-objects.js';

describe('large objects in S3-compatible storage', () => streamedObjects([64, 3072]));
