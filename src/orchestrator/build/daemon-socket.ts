import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { KubeClient } from '../kubernetes/kube-client.js';
import { execInPod } from '../kubernetes/pod-exec.js';
import { BUILDER_CONTAINER, BUILDKIT_SOCKET } from './build-manifests.js';

export interface BuilderPod {
  namespace: string;
  pod: string;
}

/**
 * A socket on this machine whose every connection is one to the builder in its pod, through the cluster's exec: the pod
 * needs no port, and nobody else finds it. `folder` is for nobody else's eyes.
 */
export async function openDaemonSocket(client: KubeClient, at: BuilderPod, path: string, signal: AbortSignal): Promise<{ close: () => void }> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    const command = ['buildctl', '--addr', BUILDKIT_SOCKET, 'dial-stdio'];
    execInPod(client, { ...at, container: BUILDER_CONTAINER, command, input: socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>, signal }, (chunk) => write(socket, chunk)).then(
      () => socket.end(),
      () => socket.destroy(),
    );
  });
  server.listen(path);
  await once(server, 'listening', { signal });
  return {
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

async function write(socket: Socket, chunk: Buffer): Promise<void> {
  if (socket.destroyed || socket.write(chunk)) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      socket.off('drain', go).off('close', go);
      resolve();
    };
    socket.on('drain', go).on('close', go);
  });
}
