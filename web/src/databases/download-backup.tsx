import { useEffect, useRef, useState } from 'react';
import { BackupContentDocument } from '../../generated/operations.js';
import { useLiveConnection } from '../client/live-context.js';

/** Gives the dump of a backup to the browser as a file, once all of it is there. */
export function DownloadBackup({ backupId, size }: { backupId: string; size: number }) {
  const live = useLiveConnection();
  const [percent, setPercent] = useState<number | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const stop = useRef<(() => void) | undefined>(undefined);
  useEffect(() => () => stop.current?.(), []);

  const download = (): void => {
    // A broken connection begins it anew, from the first piece on.
    let pieces: Blob[] = [];
    let length = 0;
    const variables = (): { backupId: string } => {
      pieces = [];
      length = 0;
      return { backupId };
    };
    setRefusal(null);
    setPercent(0);
    stop.current = live.follow({ document: BackupContentDocument, variables, ends: true }, {
      next: ({ backupContent: { fileName, bytes, last } }) => {
        const piece = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
        pieces.push(new Blob([piece]));
        length += piece.length;
        setPercent(size > 0 ? Math.min(99, Math.floor((length / size) * 100)) : 0);
        if (last) save(new Blob(pieces), fileName);
      },
      refused: (why) => (setRefusal(why), setPercent(null)),
      ended: () => setPercent(null),
    });
  };
  return (
    <>
      <button disabled={percent !== null} onClick={download}>{percent === null ? 'Download' : `${percent} %`}</button>
      {refusal && <p className="fault">{refusal}</p>}
    </>
  );
}

function save(content: Blob, fileName: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = fileName;
  link.click();
  // The browser reads it after this returns.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
