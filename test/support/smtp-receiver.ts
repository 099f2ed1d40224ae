import { createServer, type Server } from 'node:net';

/** Takes mail as SMTP has it, one message a connection. */
export function smtpReceiver(): { server: Server; next: () => Promise<string> } {
  const waiting: ((mail: string) => void)[] = [];
  const server = createServer((socket) => {
    let [text, mail, isData] = ['', '', false];
    socket.setEncoding('utf8').on('error', () => socket.destroy());
    socket.write('220 mail.example ESMTP\r\n');
    socket.on('data', (piece: string) => {
      text += piece;
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        if (isData && line === '.') {
          isData = false;
          socket.write('250 taken\r\n');
          waiting.shift()?.(mail);
        } else if (isData) mail += `${line}\n`;
        else {
          isData = line === 'DATA';
          socket.write(isData ? '354 go on\r\n' : line === 'QUIT' ? '221 bye\r\n' : '250 mail.example\r\n');
        }
      }
    });
  });
  return { server, next: () => new Promise((resolve) => waiting.push(resolve)) };
}
