import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';

/** How long one call may take, with what is tried again. A part may come slowly, so it has longer. */
const CALL_MS = 60_000;
const PART_MS = 300_000;
/** A stream that is read may stand still for so long. */
const STILL_MS = 60_000;
const ATTEMPTS = 4;
/** Every store takes parts of this size, all alike but the last, 10,000 at most. Two are in memory at once. */
const PART_BYTES = 16 * 1024 * 1024;
const MOST_PARTS = 10_000;

/** Where the operator keeps objects. */
export interface S3Settings {
  /** `https://host:port`; null: Amazon's, for the region. */
  endpoint: string | null;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** The bucket stands in the path, not before the host. */
  pathStyle: boolean;
}

/** An object as a list has it. */
export interface ListedObject {
  key: string;
  /** Bytes. */
  size: number;
  writtenAt: Date;
}

interface Opened {
  sdk: typeof import('@aws-sdk/client-s3');
  client: S3Client;
}

/** The storage refused, or did not answer. The message may be shown to a user; it names no address and no credential. */
export class StorageFailed extends Error {
  override name = 'StorageFailed';
}

/**
 * One bucket of an S3-compatible storage that the operator chose: no other address is ever asked. An object is there whole
 * or not at all. Every call has a deadline, is tried again where that may help, and throws `StorageFailed`, or what `signal` says.
 */
export class S3Storage {
  #opened: Promise<Opened> | undefined;

  constructor(private readonly settings: S3Settings) {}

  /** Stores a stream, of which two parts are in memory at most. One that fails or is cut leaves nothing behind. */
  async put(key: string, content: AsyncIterable<Buffer>, signal: AbortSignal): Promise<void> {
    const parts = partsOf(content);
    try {
      const first = await parts.next();
      if (!first.done && !first.value.last) return await this.#putParts(key, first.value.part, parts, signal);
      await this.putBytes(key, first.value?.part ?? Buffer.alloc(0), signal);
    } finally {
      await parts.return(undefined);
    }
  }

  async putBytes(key: string, bytes: Buffer, signal: AbortSignal): Promise<void> {
    await this.#call('PutObject', PART_MS, signal, ({ sdk, client }, abortSignal) => client.send(new sdk.PutObjectCommand({ Bucket: this.settings.bucket, Key: key, Body: bytes }), { abortSignal }));
  }

  /** Null where there is no such object. `bytes`: no more than the first so many. A stream that breaks off goes on where it was. */
  async get(key: string, signal: AbortSignal, bytes?: number): Promise<AsyncIterable<Buffer> | null> {
    const last = bytes === undefined ? '' : bytes - 1;
    const ask = (from: number, etag?: string): Promise<GetObjectCommandOutput> =>
      this.#call('GetObject', CALL_MS, signal, ({ sdk, client }, abortSignal) =>
        client.send(new sdk.GetObjectCommand({ Bucket: this.settings.bucket, Key: key, ...((from > 0 || bytes !== undefined) && { Range: `bytes=${from}-${last}` }), ...(etag !== undefined && { IfMatch: etag }) }), { abortSignal }));
    const answer = await orNull(ask(0));
    return answer && this.#read(answer, ask, signal);
  }

  /** Removes an object; it is no error that there is none. */
  async remove(key: string, signal?: AbortSignal): Promise<void> {
    await orNull(this.#call('DeleteObject', CALL_MS, signal, ({ sdk, client }, abortSignal) => client.send(new sdk.DeleteObjectCommand({ Bucket: this.settings.bucket, Key: key }), { abortSignal })));
  }

  /** All objects whose key begins so. */
  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<ListedObject> {
    for (let ContinuationToken: string | undefined; ; ) {
      const page = await this.#call('ListObjectsV2', CALL_MS, signal, ({ sdk, client }, abortSignal) => client.send(new sdk.ListObjectsV2Command({ Bucket: this.settings.bucket, Prefix: prefix, ContinuationToken }), { abortSignal }));
      for (const { Key, Size, LastModified } of page.Contents ?? []) if (Key !== undefined) yield { key: Key, size: Size ?? 0, writtenAt: LastModified ?? new Date() };
      ContinuationToken = page.NextContinuationToken;
      if (!page.IsTruncated || !ContinuationToken) return;
    }
  }

  /** Ends the uploads of keys that begin so that were begun before `until`: whoever began them was killed. Answers how many. */
  async endUploads(prefix: string, until: Date, signal?: AbortSignal): Promise<number> {
    let ended = 0;
    for (let KeyMarker: string | undefined, UploadIdMarker: string | undefined; ; ) {
      const page = await this.#call('ListMultipartUploads', CALL_MS, signal, ({ sdk, client }, abortSignal) =>
        client.send(new sdk.ListMultipartUploadsCommand({ Bucket: this.settings.bucket, Prefix: prefix, KeyMarker, UploadIdMarker }), { abortSignal }));
      for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
        if (Key === undefined || UploadId === undefined || !Initiated || Initiated >= until) continue;
        await this.#endUpload(Key, UploadId, signal);
        ended += 1;
      }
      KeyMarker = page.NextKeyMarker;
      UploadIdMarker = page.NextUploadIdMarker;
      if (!page.IsTruncated || !KeyMarker) return ended;
    }
  }

  async close(): Promise<void> {
    (await this.#opened)?.client.destroy();
  }

  /** The body of an answer, through whatever cuts it, while it is the same object and something of it comes. */
  async *#read(first: GetObjectCommandOutput, ask: (from: number, etag?: string) => Promise<GetObjectCommandOutput>, signal: AbortSignal): AsyncGenerator<Buffer> {
    let body = first.Body as Readable;
    for (let at = 0, before = -1; ; ) {
      try {
        for await (const chunk of inTime(body, signal)) {
          at += chunk.length;
          yield chunk;
        }
        return;
      } catch (error) {
        if (!(error instanceof StorageFailed) || at === before) throw error;
        if (at === first.ContentLength) return;
        before = at;
      }
      body = (await ask(at, first.ETag)).Body as Readable;
    }
  }

  async #putParts(key: string, first: Buffer, rest: AsyncIterable<Part>, signal: AbortSignal): Promise<void> {
    const at = { Bucket: this.settings.bucket, Key: key };
    const { UploadId } = await this.#call('CreateMultipartUpload', CALL_MS, signal, ({ sdk, client }, abortSignal) => client.send(new sdk.CreateMultipartUploadCommand(at), { abortSignal }));
    const failed = new AbortController();
    const within = AbortSignal.any([signal, failed.signal]);
    const stored: { PartNumber: number; ETag: string | undefined }[] = [];
    const send = async (Body: Buffer, PartNumber: number): Promise<void> => {
      if (PartNumber > MOST_PARTS) throw new StorageFailed(`It is larger than ${(MOST_PARTS * PART_BYTES) / 1024 ** 3} GiB, which the S3-compatible storage does not take.`);
      const { ETag } = await this.#call('UploadPart', PART_MS, within, ({ sdk, client }, abortSignal) => client.send(new sdk.UploadPartCommand({ ...at, UploadId, PartNumber, Body }), { abortSignal }));
      stored.push({ PartNumber, ETag });
    };
    let sending = send(first, 1);
    sending.catch(() => undefined);
    try {
      for await (const { part } of rest) {
        await sending;
        sending = send(part, stored.length + 1);
        // Heard of when the next part is there.
        sending.catch(() => undefined);
      }
      await sending;
      await this.#call('CompleteMultipartUpload', PART_MS, signal, ({ sdk, client }, abortSignal) => client.send(new sdk.CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: stored } }), { abortSignal }));
    } catch (error) {
      failed.abort();
      await sending.catch(() => undefined);
      // Where this fails too, the sweep finds it.
      await this.#endUpload(key, UploadId!).catch(() => undefined);
      throw error;
    }
  }

  async #endUpload(key: string, UploadId: string, signal?: AbortSignal): Promise<void> {
    await orNull(this.#call('AbortMultipartUpload', CALL_MS, signal, ({ sdk, client }, abortSignal) => client.send(new sdk.AbortMultipartUploadCommand({ Bucket: this.settings.bucket, Key: key, UploadId }), { abortSignal })));
  }

  /** The deadline ends with the answer: a body that is read after it has one of its own. */
  async #call<T>(name: string, deadlineMs: number, signal: AbortSignal | undefined, work: (opened: Opened, abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const ended = new AbortController();
    const stop = (): void => ended.abort();
    signal?.addEventListener('abort', stop, { once: true });
    const timer = setTimeout(stop, deadlineMs);
    try {
      return await work(await this.#open(), ended.signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw told(name, error, ended.signal.aborted);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }
  }

  /** The client is large: whoever has no such storage does not load it. */
  #open(): Promise<Opened> {
    this.#opened ??= import('@aws-sdk/client-s3').then((sdk) => {
      const { endpoint, region, accessKeyId, secretAccessKey, pathStyle } = this.settings;
      const client = new sdk.S3Client({
        region,
        ...(endpoint !== null && { endpoint }),
        credentials: { accessKeyId, secretAccessKey },
        forcePathStyle: pathStyle,
        maxAttempts: ATTEMPTS,
        requestHandler: { connectionTimeout: 10_000, socketTimeout: CALL_MS },
        // A request is signed with its body's SHA-256 already, and not every store knows the newer sums.
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
      });
      return { sdk, client };
    });
    return this.#opened;
  }
}

class NoSuchObject extends StorageFailed {}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof NoSuchObject) return null;
    throw error;
  }
}

/** An error of the client holds what was sent; only its code is told. */
function told(call: string, error: unknown, late: boolean): StorageFailed {
  if (late) return new StorageFailed(`The S3-compatible storage did not answer in time (${call}).`);
  const { name = 'Error', code, $metadata } = error as { name?: string; code?: string; $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  if (name === 'NoSuchKey' || name === 'NoSuchUpload') return new NoSuchObject(`The S3-compatible storage has no such object (${call}).`);
  if (status === undefined) return new StorageFailed(`The S3-compatible storage could not be reached (${call}: ${code ?? name}).`);
  return new StorageFailed(`The S3-compatible storage refused (${call}: ${name}, status ${status}).`);
}

interface Part {
  part: Buffer;
  last: boolean;
}

/** The stream in full parts; only the last may be shorter. */
async function* partsOf(content: AsyncIterable<Buffer>): AsyncGenerator<Part, undefined> {
  let part = Buffer.allocUnsafe(PART_BYTES);
  let filled = 0;
  for await (let chunk of content) {
    while (chunk.length > 0) {
      // A full part waits until more has come: only then it is not the last.
      if (filled === PART_BYTES) {
        yield { part, last: false };
        part = Buffer.allocUnsafe(PART_BYTES);
        filled = 0;
      }
      const taken = chunk.copy(part, filled);
      filled += taken;
      chunk = chunk.subarray(taken);
    }
  }
  yield { part: part.subarray(0, filled), last: true };
}

async function* inTime(body: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  const cancel = (): void => void body.destroy(signal.reason as Error);
  const arm = (): NodeJS.Timeout => setTimeout(() => body.destroy(new StorageFailed('The S3-compatible storage did not go on in time (GetObject).')), STILL_MS);
  signal.addEventListener('abort', cancel, { once: true });
  let timer = arm();
  try {
    signal.throwIfAborted();
    for await (const chunk of body as AsyncIterable<Buffer>) {
      clearTimeout(timer);
      yield chunk;
      timer = arm();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof StorageFailed ? error : new StorageFailed(`The S3-compatible storage broke off (GetObject: ${(error as NodeJS.ErrnoException).code ?? 'Error'}).`);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
    body.destroy();
  }
}
