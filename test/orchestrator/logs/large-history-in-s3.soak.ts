import { SegmentBucket } from '../../../src/orchestrator/logs/history/segment-bucket.js';
import { startS3Server } from '../../support/s3-server.js';
import { largeHistory } from './large-history.js';

largeHistory(1024 ** 3, async () => {
  const server = await startS3Server();
  const storage = server.client();
  const stop = async (): Promise<void> => {
    await storage.close();
    await server.stop();
  };
  return { files: new SegmentBucket(storage, 'an-installation'), stop };
});
